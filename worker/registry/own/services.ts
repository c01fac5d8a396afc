/**
 * Cluster IPs and node ports of Services. A value that the user did not name is picked from the request's fresh
 * uid; the store's claim decides who has it, and the writer repeats the plan with another pick when it was taken.
 */
import type { Service, ServicePort } from "../../../protocol/kubernetes/generated/types.ts";
import { StatusError, type StatusCause } from "../../../protocol/status.ts";
import { isIpAddress } from "../../resources/rules/names.ts";
import type { Claim } from "../../storage/store.ts";
import { clusterIpAt, isInRange, rangeSize, reservedCount } from "../service-range.ts";
import type { Allocated, Hooks } from "./hooks.ts";

const nodePortFirst = 30000;
const nodePortCount = 2768;

export const serviceHooks: Hooks = {
  resource: "services",
  create(object, context) {
    // The shape is checked after admission; a missing spec is refused there.
    const service = object as Service;
    if (service.spec === undefined) return undefined;
    return allocate(service, context.config.serviceCidr, () => hash(context.newUid()));
  },
  update({ next, previous, subresource, context }) {
    const service = next as Service;
    if (subresource !== undefined || service.spec === undefined) return undefined;
    keepAllocated(service, previous as Service);
    return allocate(service, context.config.serviceCidr, () => hash(context.newUid()));
  },
};

/** What a Service holds, for the store's claims. */
export function serviceClaims(service: Service): Claim[] {
  const spec = service.spec ?? {};
  const addresses = (spec.clusterIPs ?? []).filter((address) => address !== "None" && address !== "");
  const ports = new Set((spec.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : [])));
  const health = spec.healthCheckNodePort ? [spec.healthCheckNodePort] : [];
  return [
    ...addresses.map((value) => ({ kind: "clusterIP", value })),
    ...[...ports, ...health].map((port) => ({ kind: "nodePort", value: String(port) })),
  ];
}

function allocate(service: Service, serviceCidr: string, random: () => number): Allocated {
  rejectUnavailable(service, serviceCidr);
  return { picked: [...allocateAddress(service, serviceCidr, random), ...allocatePorts(service, random)] };
}

/** What a user names must be of the cluster's one family, and lie where it hands out from. */
function rejectUnavailable(service: Service, serviceCidr: string): void {
  const reason = "FieldValueInvalid";
  const causes = familyCauses(service);
  const address = service.spec?.clusterIP;
  if (address && address !== "None" && isIpAddress(address) && !isInRange(serviceCidr, address)) {
    const range = `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${serviceCidr}`;
    const message = `Invalid value: ["${address}"]: failed to allocate IP ${address}: ${range}`;
    causes.push({ reason, field: "spec.clusterIPs", message });
  }
  for (const [at, { nodePort }] of (service.spec?.ports ?? []).entries()) {
    if (!nodePort || (nodePort >= nodePortFirst && nodePort < nodePortFirst + nodePortCount)) continue;
    const range = `${nodePortFirst}-${nodePortFirst + nodePortCount - 1}`;
    const message = `Invalid value: ${nodePort}: provided port is not in the valid range. The range of valid ports is ${range}`;
    causes.push({ reason, field: `spec.ports[${at}].nodePort`, message });
  }
  if (causes.length > 0) throw StatusError.invalid({ group: "", kind: "Service", name: service.metadata?.name ?? "" }, causes);
}

/** There is IPv4 and nothing else. A headless Service without a selector gets no address, and may say what it likes. */
function familyCauses({ spec = {} }: Service): StatusCause[] {
  const isOwnBusiness = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
  if (spec.type === "ExternalName" || isOwnBusiness) return [];
  const reason = "FieldValueInvalid";
  const needsTwo = spec.ipFamilyPolicy === "RequireDualStack";
  const message = 'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services';
  return [
    ...(needsTwo ? [{ reason, field: "spec.ipFamilyPolicy", message }] : []),
    ...(spec.ipFamilies ?? []).flatMap((family, at) =>
      family === "IPv6" ? [{ reason, field: `spec.ipFamilies[${at}]`, message: 'Invalid value: "IPv6": not configured on this cluster' }] : [],
    ),
  ];
}

function allocateAddress(service: Service, serviceCidr: string, random: () => number): Claim[] {
  const spec = (service.spec ??= {});
  if (spec.type === "ExternalName") return [];
  spec.clusterIP ||= spec.clusterIPs?.[0];
  const picked: Claim[] = [];
  if (!spec.clusterIP) {
    const free = rangeSize(serviceCidr) - reservedCount;
    spec.clusterIP = clusterIpAt(serviceCidr, reservedCount + (random() % free));
    picked.push({ kind: "clusterIP", value: spec.clusterIP });
  }
  if ((spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilies ??= ["IPv4"];
  spec.ipFamilyPolicy ??= "SingleStack";
  return picked;
}

/** Ports of one Service that differ only in their protocol share a node port, as upstream. */
function allocatePorts(service: Service, random: () => number): Claim[] {
  const spec = (service.spec ??= {});
  if (!wantsNodePorts(service)) return [];
  const picked: Claim[] = [];
  const taken = new Set((spec.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : [])));
  const byPort = new Map<number, number>();
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue;
    port.nodePort = byPort.get(port.port) ?? freePort(taken, random);
    byPort.set(port.port, port.nodePort);
    if (!taken.has(port.nodePort)) picked.push({ kind: "nodePort", value: String(port.nodePort) });
    taken.add(port.nodePort);
  }
  return picked;
}

function freePort(taken: Set<number>, random: () => number): number {
  let at = random() % nodePortCount;
  while (taken.has(nodePortFirst + at)) at = (at + 1) % nodePortCount;
  return nodePortFirst + at;
}

/** A client that leaves out what was allocated before keeps it; a type that needs it no longer loses it. */
function keepAllocated(service: Service, previous: Service): void {
  const spec = (service.spec ??= {});
  const before = previous.spec ?? {};
  if (spec.type === "ExternalName") dropAddress(service, previous);
  else if (before.type !== "ExternalName" && !spec.clusterIP) {
    spec.clusterIP = before.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0) spec.clusterIPs = before.clusterIPs;
  }
  if (wantsNodePorts(service)) keepPorts(spec.ports ?? [], before.ports ?? []);
  else if (wantsNodePorts(previous)) dropPorts(spec.ports ?? [], before.ports ?? []);
}

function dropAddress(service: Service, previous: Service): void {
  const spec = (service.spec ??= {});
  if (spec.clusterIP !== previous.spec?.clusterIP) return;
  delete spec.clusterIP;
  delete spec.clusterIPs;
  delete spec.ipFamilies;
  delete spec.ipFamilyPolicy;
}

function keepPorts(ports: ServicePort[], before: ServicePort[]): void {
  const used = new Set(ports.flatMap((port) => (port.nodePort ? [port.nodePort] : [])));
  for (const port of ports) {
    if (port.nodePort) continue;
    const old = before.find((one) => one.port === port.port && (one.protocol ?? "TCP") === (port.protocol ?? "TCP"));
    if (old?.nodePort && !used.has(old.nodePort)) port.nodePort = old.nodePort;
  }
}

function dropPorts(ports: ServicePort[], before: ServicePort[]): void {
  const old = new Set(before.map((port) => port.nodePort));
  for (const port of ports) if (old.has(port.nodePort)) delete port.nodePort;
}

function wantsNodePorts(service: Service): boolean {
  const { type, allocateLoadBalancerNodePorts } = service.spec ?? {};
  return type === "NodePort" || (type === "LoadBalancer" && allocateLoadBalancerNodePorts !== false);
}

/** FNV-1a: spreads the uid's randomness over 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value;
}
