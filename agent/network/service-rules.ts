/** Services and host ports as an nftables ruleset; pure. */
import { rotationOf } from "./rotation.ts";
import type { HostPort } from "./host-ports.ts";
import type { Ruleset } from "./ruleset.ts";
import type { Backend, Forward } from "./services.ts";
import { contains, parseCidr, parseIpv4 } from "./ipv4.ts";

/** Packets with this bit leave with this host's address; the bit is the one that kube-proxy uses. */
export const masqueradeMark = "0x4000";

/** Names of the frame's maps and sets that this file fills. */
export const fixedMaps = {
  /** address . protocol . port → chain */
  services: "services",
  /** protocol . port, on any address of the host → chain */
  nodePorts: "node-ports",
  rejectedAddresses: "rejected-addresses",
  rejectedNodePorts: "rejected-node-ports",
  /** address . address: a pod that reaches itself through a Service. */
  hairpins: "hairpins",
} as const;

interface Draft {
  sets: Map<string, string>;
  chains: Map<string, readonly string[]>;
  elements: Map<string, Map<string, string>>;
}

/** The ruleset of all service ports and host ports of this node. */
export function rulesetOf(forwards: readonly Forward[], hostPorts: readonly HostPort[], podCidr: string): Ruleset {
  const elements = new Map(Object.values(fixedMaps).map((name) => [name, new Map<string, string>()]));
  const draft: Draft = { sets: new Map(), chains: new Map(), elements };
  for (const forward of forwards) addForward(draft, forward);
  for (const hostPort of hostPorts) addHostPort(draft, hostPort);
  addHairpins(draft, forwards, podCidr);
  return draft;
}

function addForward(draft: Draft, forward: Forward): void {
  const inside = `svc/${forward.id}`;
  if (forward.backends.length > 0) {
    addBalancer(draft, inside, forward, forward.backends);
    put(draft, fixedMaps.services, `${forward.clusterIp} . ${forward.protocol} . ${forward.port}`, `goto ${inside}`);
  }
  if (forward.externalIps.length === 0 && forward.nodePort === undefined) return;
  const target = forward.externalBackends.length > 0 ? addOutside(draft, forward) : undefined;
  for (const ip of forward.externalIps) {
    const key = `${ip} . ${forward.protocol} . ${forward.port}`;
    if (target) put(draft, fixedMaps.services, key, `goto ${target}`);
    else put(draft, fixedMaps.rejectedAddresses, key, "");
  }
  if (forward.nodePort === undefined) return;
  const key = `${forward.protocol} . ${forward.nodePort}`;
  if (target) put(draft, fixedMaps.nodePorts, key, `goto ${target}`);
  else put(draft, fixedMaps.rejectedNodePorts, key, "");
}

/**
 * The chain for clients from outside. Unless backends are all on this node, answers must come back through this host,
 * so the packet takes its address. It shares the balancer (and its counter) with clients inside.
 */
function addOutside(draft: Draft, forward: Forward): string {
  const outside = `ext/${forward.id}`;
  if (forward.keepsClientAddress) {
    addBalancer(draft, outside, forward, forward.externalBackends);
    return outside;
  }
  const balancer = `svc/${forward.id}`;
  const isShared = draft.chains.has(balancer) && forward.backends.length === forward.externalBackends.length;
  const target = isShared ? balancer : `all/${forward.id}`;
  if (!isShared) addBalancer(draft, target, forward, forward.externalBackends);
  draft.chains.set(outside, [`meta mark set meta mark | ${masqueradeMark}`, `goto ${target}`]);
  return outside;
}

function addBalancer(draft: Draft, chain: string, forward: Forward, backends: readonly Backend[]): void {
  if (forward.affinitySeconds === undefined) draft.chains.set(chain, [rotationRule(forward, backends)]);
  else addStickyBalancer(draft, chain, forward, backends);
}

/** One rule: a counter in the kernel picks the position in the rotation, exactly in turn. */
function rotationRule({ protocol }: Forward, backends: readonly Backend[]): string {
  const [only] = backends;
  if (backends.length === 1 && only) return `meta l4proto ${protocol} dnat to ${only.ip}:${only.port}`;
  const { total, entries } = entriesOf(backends, (backend) => `${backend.ip} . ${backend.port}`);
  return `meta l4proto ${protocol} dnat ip to numgen inc mod ${total} map { ${entries} }`;
}

/**
 * Session affinity: a set per backend remembers its clients for the time given; known clients go there, others are
 * dealt in turn. (nft 1.0.6 refuses a map that is filled by numgen.)
 */
function addStickyBalancer(draft: Draft, chain: string, forward: Forward, backends: readonly Backend[]): void {
  const nameOf = (backend: Backend): string => `${chain}/${backend.ip}/${backend.port}`;
  const seconds = forward.affinitySeconds;
  for (const backend of backends) {
    const name = nameOf(backend);
    draft.sets.set(name, `{ type ipv4_addr; size 65535; flags dynamic,timeout; timeout ${seconds}s; }`);
    draft.chains.set(name, [
      `update @${name} { ip saddr }`,
      `meta l4proto ${forward.protocol} dnat to ${backend.ip}:${backend.port}`,
    ]);
  }
  const { total, entries } = entriesOf(backends, (backend) => `goto ${nameOf(backend)}`);
  draft.chains.set(chain, [
    ...backends.map((backend) => `ip saddr @${nameOf(backend)} goto ${nameOf(backend)}`),
    `numgen inc mod ${total} vmap { ${entries} }`,
  ]);
}

/** `0 : a, 1-2 : b`: equal neighbours of the rotation become one range. */
function entriesOf(backends: readonly Backend[], text: (backend: Backend) => string): { total: number; entries: string } {
  const rotation = rotationOf(backends.map((backend) => backend.weight));
  const entries: string[] = [];
  for (let start = 0; start < rotation.length; ) {
    let end = start;
    while (rotation[end + 1] === rotation[start]) end++;
    const backend = backends[rotation[start] ?? 0];
    if (backend) entries.push(`${start === end ? start : `${start}-${end}`} : ${text(backend)}`);
    start = end + 1;
  }
  return { total: rotation.length, entries: entries.join(", ") };
}

/** Clients may be anywhere and the pod is here: its answer comes back this way without masquerade. */
function addHostPort(draft: Draft, { id, protocol, hostIp, hostPort, backend }: HostPort): void {
  const chain = `host/${id}`;
  draft.chains.set(chain, [`meta l4proto ${protocol} dnat to ${backend.ip}:${backend.port}`]);
  if (hostIp === undefined) put(draft, fixedMaps.nodePorts, `${protocol} . ${hostPort}`, `goto ${chain}`);
  else put(draft, fixedMaps.services, `${hostIp} . ${protocol} . ${hostPort}`, `goto ${chain}`);
}

function addHairpins(draft: Draft, forwards: readonly Forward[], podCidr: string): void {
  const cidr = parseCidr(podCidr);
  for (const { backends, externalBackends } of forwards) {
    for (const { ip } of [...backends, ...externalBackends]) {
      if (contains(cidr, parseIpv4(ip))) put(draft, fixedMaps.hairpins, `${ip} . ${ip}`, "");
    }
  }
}

/** The first one has it: two claims of one port must not make the whole transaction fail. */
function put(draft: Draft, map: string, key: string, value: string): void {
  const elements = draft.elements.get(map);
  if (elements && !elements.has(key)) elements.set(key, value);
}
