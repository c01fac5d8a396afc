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
  /** address . protocol . port, of an address of the host → chain */
  hostPorts: "host-ports",
  rejectedAddresses: "rejected-addresses",
  rejectedNodePorts: "rejected-node-ports",
  /** address . address: a pod that reaches itself through a Service. */
  hairpins: "hairpins",
} as const;

/** What one service port or host port adds to the ruleset. */
interface Fragment {
  sets: [name: string, declaration: string][];
  chains: [name: string, rules: readonly string[]][];
  elements: [map: string, key: string, value: string][];
}

const emptyFragment = (): Fragment => ({ sets: [], chains: [], elements: [] });

/** Fragments of forwards that were seen before: an update of one Service among thousands computes one. */
const fragments = new WeakMap<Forward, Fragment>();

/** The ruleset of all service ports and host ports of this node. */
export function rulesetOf(forwards: readonly Forward[], hostPorts: readonly HostPort[], podCidr: string): Ruleset {
  const elements = new Map<string, Map<string, string>>(Object.values(fixedMaps).map((name) => [name, new Map()]));
  const sets = new Map<string, string>();
  const chains = new Map<string, readonly string[]>();
  for (const fragment of [...forwards.map(fragmentOf), ...hostPorts.map(hostPortFragment)]) {
    for (const [name, declaration] of fragment.sets) sets.set(name, declaration);
    for (const [name, rules] of fragment.chains) chains.set(name, rules);
    for (const [map, key, value] of fragment.elements) {
      // The first one has it: two claims of one port must not make the whole transaction fail.
      const entries = elements.get(map);
      if (!entries?.has(key)) entries?.set(key, value);
    }
  }
  const backends = [...forwards.flatMap((forward) => [...forward.backends, ...forward.externalBackends]), ...hostPorts.map(({ backend }) => backend)];
  elements.set(fixedMaps.hairpins, hairpinsOf(backends, podCidr));
  return { sets, chains, elements };
}

function fragmentOf(forward: Forward): Fragment {
  const known = fragments.get(forward);
  if (known) return known;
  const fragment = emptyFragment();
  addInside(fragment, forward);
  addOutside(fragment, forward);
  fragments.set(forward, fragment);
  return fragment;
}

function addInside(fragment: Fragment, forward: Forward): void {
  if (forward.backends.length === 0) return; // the frame refuses what is left of the service CIDR
  const chain = `svc/${forward.id}`;
  addBalancer(fragment, chain, forward, forward.backends);
  const key = `${forward.clusterIp} . ${forward.protocol} . ${forward.port}`;
  fragment.elements.push([fixedMaps.services, key, `goto ${chain}`]);
}

function addOutside(fragment: Fragment, forward: Forward): void {
  if (forward.externalIps.length === 0 && forward.nodePort === undefined) return;
  const target = forward.externalBackends.length > 0 ? addOutsideChain(fragment, forward) : undefined;
  for (const ip of forward.externalIps) {
    const key = `${ip} . ${forward.protocol} . ${forward.port}`;
    if (target) fragment.elements.push([fixedMaps.services, key, `goto ${target}`]);
    else fragment.elements.push([fixedMaps.rejectedAddresses, key, ""]);
  }
  if (forward.nodePort === undefined) return;
  const key = `${forward.protocol} . ${forward.nodePort}`;
  if (target) fragment.elements.push([fixedMaps.nodePorts, key, `goto ${target}`]);
  else fragment.elements.push([fixedMaps.rejectedNodePorts, key, ""]);
}

/**
 * The chain for clients from outside. Unless backends are all on this node, answers must come back through this host,
 * so the packet takes its address. It shares the balancer (and its counter) with clients inside where both have the
 * same backends; a policy may leave one of them only this node's, which are a part of the others'.
 */
function addOutsideChain(fragment: Fragment, forward: Forward): string {
  const outside = `ext/${forward.id}`;
  if (forward.keepsClientAddress) {
    addBalancer(fragment, outside, forward, forward.externalBackends);
    return outside;
  }
  const isShared = forward.backends.length === forward.externalBackends.length;
  const balancer = isShared ? `svc/${forward.id}` : `all/${forward.id}`;
  if (!isShared) addBalancer(fragment, balancer, forward, forward.externalBackends);
  fragment.chains.push([outside, [`meta mark set meta mark | ${masqueradeMark}`, `goto ${balancer}`]]);
  return outside;
}

function addBalancer(fragment: Fragment, chain: string, forward: Forward, backends: readonly Backend[]): void {
  if (forward.affinitySeconds === undefined) fragment.chains.push([chain, [rotationRule(forward, backends)]]);
  else addStickyBalancer(fragment, chain, forward, backends);
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
 * dealt in turn. (nft 1.0.6 refuses a map that is filled by numgen.) A set's time is fixed, so it is part of its name.
 */
function addStickyBalancer(fragment: Fragment, chain: string, forward: Forward, backends: readonly Backend[]): void {
  const seconds = forward.affinitySeconds;
  const chainOf = (backend: Backend): string => `${chain}/${backend.ip}/${backend.port}`;
  const setOf = (backend: Backend): string => `${chainOf(backend)}/${seconds}s`;
  for (const backend of backends) {
    const set = setOf(backend);
    fragment.sets.push([set, `{ type ipv4_addr; size 65535; flags dynamic,timeout; timeout ${seconds}s; }`]);
    const rules = [`update @${set} { ip saddr }`, `meta l4proto ${forward.protocol} dnat to ${backend.ip}:${backend.port}`];
    fragment.chains.push([chainOf(backend), rules]);
  }
  const { total, entries } = entriesOf(backends, (backend) => `goto ${chainOf(backend)}`);
  const known = backends.map((backend) => `ip saddr @${setOf(backend)} goto ${chainOf(backend)}`);
  fragment.chains.push([chain, [...known, `numgen inc mod ${total} vmap { ${entries} }`]]);
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
function hostPortFragment({ id, protocol, hostIp, hostPort, backend }: HostPort): Fragment {
  const chain = `host/${id}`;
  const element: Fragment["elements"][number] =
    hostIp === undefined
      ? [fixedMaps.nodePorts, `${protocol} . ${hostPort}`, `goto ${chain}`]
      : [fixedMaps.hostPorts, `${hostIp} . ${protocol} . ${hostPort}`, `goto ${chain}`];
  const rule = `meta l4proto ${protocol} dnat to ${backend.ip}:${backend.port}`;
  return { sets: [], chains: [[chain, [rule]]], elements: [element] };
}

function hairpinsOf(backends: readonly Backend[], podCidr: string): Map<string, string> {
  const cidr = parseCidr(podCidr);
  const local = new Set(backends.filter(({ ip }) => contains(cidr, parseIpv4(ip))).map(({ ip }) => ip));
  return new Map([...local].map((ip) => [`${ip} . ${ip}`, ""]));
}
