/** The host's interfaces, routes and kernel switches that pods need. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, succeeds } from "../host/run.ts";
import { addressAt, parseCidr } from "./ipv4.ts";

export interface InterfaceConfig {
  bridge: string;
  serviceInterface: string;
  podCidr: string;
  serviceCidr: string;
  dnsAddress: string;
}

/** The pods' default gateway: the bridge's own address, as the CNI plugin would give it. */
export function gatewayOf(podCidr: string): string {
  return addressAt(parseCidr(podCidr), 1);
}

/**
 * Makes the pods' bridge before the first pod, and a second bridge without ports (a dummy interface that every kernel
 * has which has bridges) for the DNS address and the route of the service CIDR. With that route the host reaches
 * cluster IPs even without a default route, and with an address that other nodes can answer. Idempotent.
 */
export async function ensureInterfaces(config: InterfaceConfig): Promise<void> {
  const gateway = gatewayOf(config.podCidr);
  await ensureBridge(config.bridge, `${gateway}/${parseCidr(config.podCidr).prefix}`);
  await ensureBridge(config.serviceInterface, `${config.dnsAddress}/32`);
  const route = [config.serviceCidr, "dev", config.serviceInterface, "src", gateway];
  await run(["ip", "route", "replace", ...route]);
}

/**
 * A bridge takes the lowest hardware address of its ports for its own, and so another one when a pod comes or goes.
 * Pods would go on sending to the old one, that of their gateway, for half a minute: no DNS, no Service, no way out. An
 * address that was set stays, even if it is the one that the bridge has anyway.
 */
async function keepHardwareAddress(bridge: string): Promise<void> {
  const address = / link\/ether (\S+)/.exec(await run(["ip", "-o", "link", "show", "dev", bridge]))?.[1];
  if (address === undefined) throw new Error(`the bridge ${bridge} has no hardware address`);
  await run(["ip", "link", "set", "dev", bridge, "address", address]);
}

async function ensureBridge(name: string, address: string): Promise<void> {
  await run(["ip", "link", "add", name, "type", "bridge"]).catch(ignore("File exists"));
  await keepHardwareAddress(name);
  for (const other of await addressesOf(name)) {
    // Left from before this node got another pod CIDR; the CNI plugin refuses a bridge that has two.
    if (other !== address) await run(["ip", "address", "delete", other, "dev", name]);
  }
  await run(["ip", "address", "replace", address, "dev", name]);
  await run(["ip", "link", "set", name, "up"]);
}

async function addressesOf(name: string): Promise<string[]> {
  const lines = await run(["ip", "-o", "-4", "address", "show", "dev", name]);
  return [...lines.matchAll(/ inet (\S+)/g)].map((match) => match[1] ?? "");
}

function ignore(words: string): (error: Error) => void {
  return (error) => {
    if (!error.message.includes(words)) throw error;
  };
}

export async function removeInterface(name: string): Promise<void> {
  await succeeds(["ip", "link", "delete", name]);
}

/**
 * Switches of this network namespace. They stay when kedge is removed: others may have come to need them.
 * `bridge-nf-call-iptables`: answers between two pods of one bridge must pass nftables, or a cluster IP times out.
 */
export async function setSysctls(bridge: string): Promise<void> {
  if (!existsSync("/proc/sys/net/bridge")) await succeeds(["modprobe", "br_netfilter"]);
  if (!existsSync("/proc/sys/net/bridge")) {
    throw new Error("the kernel module br_netfilter is missing: without it pods cannot reach Services");
  }
  setSysctl("net/ipv4/ip_forward", "1");
  setSysctl("net/bridge/bridge-nf-call-iptables", "1");
  setSysctl(`net/ipv4/conf/${bridge}/route_localnet`, "1");
}

function setSysctl(name: string, value: string): void {
  const path = join("/proc/sys", name);
  if (readFileSync(path, "utf8").trim() !== value) writeFileSync(path, value);
}
