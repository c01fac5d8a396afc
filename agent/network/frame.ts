/** The fixed part of our nftables table: maps that Services fill, and the chains in the kernel's hooks; pure. */
import type { Frame } from "./ruleset.ts";
import { fixedMaps, masqueradeMark } from "./service-rules.ts";

export interface FrameConfig {
  table: string;
  bridge: string;
  podCidr: string;
  clusterCidr: string;
  serviceCidr: string;
  dnsAddress: string;
}

/** Bridges of all our clusters on this host begin with this. */
export const bridgePrefix = "kd";

/**
 * Why each hook is there:
 * - prerouting/output (nat): a new connection to a cluster IP or node port gets its backend. Pods of another cluster on
 *   this host do not use our cluster IPs.
 * - postrouting (nat): answers that would not come back this way otherwise (clients from outside, a pod that reaches
 *   itself, pods that go out to the world).
 * - forward/local-out/local-in (filter): an address that still is a cluster IP here had no backend: refused at once
 *   rather than lost; TCP by a reset, because an ICMP error that arrives inside connect() is noticed a second later only.
 *   Clusters on one host do not reach each other's pods. DNS answers pods and this host only, and
 *   is silent rather than refusing while the agent restarts: resolvers then ask again.
 * - guard (raw), local-in: node ports on 127.0.0.1 need route_localnet; pods must not reach the host's loopback through
 *   it (CVE-2020-8558), by themselves or by a Service whose endpoints say so.
 */
export function frameOf({ table, bridge, podCidr, clusterCidr, serviceCidr, dnsAddress }: FrameConfig): Frame {
  const { services, nodePorts, hostPorts, rejectedAddresses, rejectedNodePorts, hairpins } = fixedMaps;
  const foreignBridge = `iifname "${bridgePrefix}*" iifname != "${bridge}"`;
  const body = `
  map ${services} { type ipv4_addr . inet_proto . inet_service : verdict; }
  map ${hostPorts} { type ipv4_addr . inet_proto . inet_service : verdict; }
  map ${nodePorts} { type inet_proto . inet_service : verdict; }
  set ${rejectedAddresses} { type ipv4_addr . inet_proto . inet_service; }
  set ${rejectedNodePorts} { type inet_proto . inet_service; }
  set ${hairpins} { type ipv4_addr . ipv4_addr; }

  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmp port-unreachable
  }
  chain dispatch {
    ip daddr . meta l4proto . th dport vmap @${services}
    fib daddr type local ip daddr != ${dnsAddress} ip daddr . meta l4proto . th dport vmap @${hostPorts}
    fib daddr type local ip daddr != ${dnsAddress} meta l4proto . th dport vmap @${nodePorts}
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${foreignBridge} ip daddr ${serviceCidr} return
    jump dispatch
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump dispatch
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & ${masqueradeMark} == ${masqueradeMark} masquerade
    ip saddr . ip daddr @${hairpins} masquerade
    ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade
    ip saddr ${podCidr} ip daddr != ${clusterCidr} oifname != "${bridge}" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip daddr ${serviceCidr} goto refuse
    ip daddr . meta l4proto . th dport @${rejectedAddresses} goto refuse
    ${foreignBridge} oifname "${bridge}" ct state new ct status dnat accept
    ${foreignBridge} oifname "${bridge}" ct state new goto refuse
  }
  chain local-out {
    type filter hook output priority filter; policy accept;
    ip saddr ${dnsAddress} icmp type destination-unreachable drop
    ip daddr ${serviceCidr} ip daddr != ${dnsAddress} goto refuse
    ip daddr . meta l4proto . th dport @${rejectedAddresses} goto refuse
    fib daddr type local meta l4proto . th dport @${rejectedNodePorts} goto refuse
  }
  chain local-in {
    type filter hook input priority filter; policy accept;
    ip daddr ${dnsAddress} iifname != { "lo", "${bridge}" } drop
    iifname "${bridge}" ip daddr 127.0.0.0/8 ct state new ct status dnat drop
    iifname != "lo" ip daddr . meta l4proto . th dport @${rejectedAddresses} goto refuse
    iifname != "lo" meta l4proto . th dport @${rejectedNodePorts} goto refuse
  }
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
`;
  return { table, body };
}
