/** What Services and EndpointSlices ask of the packet path, one entry per service port; pure. */
import type { Endpoint, EndpointSlice, Service, ServicePort } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { contains, isIpv4, parseCidr, parseIpv4, type Cidr } from "./ipv4.ts";

/** Annotation of a slice: JSON object, address → weight (an integer ≥ 0; 1 if absent, 0 gets no new connections). */
export const weightsAnnotation = "kedge.dev/weights";
export const serviceNameLabel = "kubernetes.io/service-name";

export type Protocol = "tcp" | "udp" | "sctp";

export interface Backend {
  ip: string;
  port: number;
  weight: number;
}

export interface Forward {
  /** `<namespace>/<service>/<protocol>/<port>`: unique, and readable in the kernel's rules. */
  id: string;
  protocol: Protocol;
  port: number;
  clusterIp: string;
  /** External IPs and load balancer addresses: served like the cluster IP, but the client is from outside. */
  externalIps: string[];
  nodePort: number | undefined;
  /** For clients inside the cluster. */
  backends: Backend[];
  /** For clients from outside; with `externalTrafficPolicy: Local` only this node's, which then see the client. */
  externalBackends: Backend[];
  keepsClientAddress: boolean;
  /** Session affinity by client address, seconds. */
  affinitySeconds: number | undefined;
}

type Services = ReadonlyMap<string, Stored<Service>>;
type Slices = ReadonlyMap<string, Stored<EndpointSlice>>;

/** Slices by `<namespace>/<service>`. */
export function slicesByService(slices: Slices): Map<string, Stored<EndpointSlice>[]> {
  const byService = new Map<string, Stored<EndpointSlice>[]>();
  for (const slice of slices.values()) {
    const service = slice.metadata.labels?.[serviceNameLabel];
    if (service === undefined) continue;
    const key = `${slice.metadata.namespace}/${service}`;
    const list = byService.get(key);
    if (list) list.push(slice);
    else byService.set(key, [slice]);
  }
  return byService;
}

/**
 * All service ports that have an address of their own: headless and external-name Services have none. It remembers:
 * a Service whose object and slices are the very same as last time gets the same entries, not equal ones.
 */
export class Forwards {
  readonly #nodeName: string | undefined;
  readonly #serviceCidr: Cidr;
  #known = new Map<string, { service: Stored<Service>; slices: readonly Stored<EndpointSlice>[]; forwards: Forward[] }>();

  constructor(nodeName: string | undefined, serviceCidr: string) {
    this.#nodeName = nodeName;
    this.#serviceCidr = parseCidr(serviceCidr);
  }

  of(services: Services, slices: Slices): Forward[] {
    const byService = slicesByService(slices);
    const before = this.#known;
    this.#known = new Map();
    for (const service of services.values()) {
      const key = `${service.metadata.namespace}/${service.metadata.name}`;
      const own = byService.get(key) ?? [];
      const known = before.get(key);
      const isSame = known?.service === service && isSameList(known.slices, own);
      const forwards = isSame ? known.forwards : forwardsOfService(service, own, this.#nodeName).map((forward) => this.#withoutOurs(forward));
      this.#known.set(key, { service, slices: own, forwards });
    }
    return [...this.#known.values()].flatMap((entry) => entry.forwards);
  }

  /** Whoever makes a Service names its external addresses: none is the cluster DNS's, or another Service's own. */
  #withoutOurs(forward: Forward): Forward {
    return { ...forward, externalIps: forward.externalIps.filter((ip) => !contains(this.#serviceCidr, parseIpv4(ip))) };
  }
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

export function forwardsOfService(
  service: Stored<Service>,
  slices: readonly Stored<EndpointSlice>[],
  nodeName: string | undefined,
): Forward[] {
  const clusterIp = service.spec?.clusterIP ?? "";
  if (service.spec?.type === "ExternalName" || !isIpv4(clusterIp)) return [];
  return (service.spec?.ports ?? []).map((port) => forwardOf({ service, clusterIp, port, slices, nodeName }));
}

interface ForwardInput {
  service: Stored<Service>;
  clusterIp: string;
  port: ServicePort;
  slices: readonly Stored<EndpointSlice>[];
  nodeName: string | undefined;
}

function forwardOf({ service, clusterIp, port, slices, nodeName }: ForwardInput): Forward {
  const protocol = protocolOf(port.protocol);
  const spec = service.spec ?? {};
  const everywhere = candidatesOf(slices, port);
  const local = everywhere.filter((candidate) => candidate.endpoint.nodeName === nodeName);
  const isLocalOutside = spec.externalTrafficPolicy === "Local";
  const ingressIps = (service.status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip ?? "");
  return {
    id: `${service.metadata.namespace}/${service.metadata.name}/${protocol}/${port.port}`,
    protocol,
    port: port.port,
    clusterIp,
    externalIps: [...new Set([...(spec.externalIPs ?? []), ...ingressIps])].filter(isIpv4).sort(),
    nodePort: spec.type === "NodePort" || spec.type === "LoadBalancer" ? port.nodePort : undefined,
    backends: backendsOf(spec.internalTrafficPolicy === "Local" ? local : everywhere),
    externalBackends: backendsOf(isLocalOutside ? local : everywhere),
    keepsClientAddress: isLocalOutside,
    affinitySeconds: affinityOf(service),
  };
}

function affinityOf(service: Stored<Service>): number | undefined {
  if (service.spec?.sessionAffinity !== "ClientIP") return undefined;
  return service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800; // Kubernetes' default: 3 hours
}

interface Candidate {
  endpoint: Endpoint;
  backend: Backend;
}

/** Every endpoint of the slices that serves this service port. */
function candidatesOf(slices: readonly Stored<EndpointSlice>[], port: ServicePort): Candidate[] {
  const ipv4 = slices.filter((slice) => slice.addressType === "IPv4");
  return ipv4.flatMap((slice) => {
    const match = (slice.ports ?? []).find(
      (one) => (one.name ?? "") === (port.name ?? "") && protocolOf(one.protocol) === protocolOf(port.protocol),
    );
    const target = match?.port;
    if (target === undefined) return [];
    const weights = weightsOf(slice);
    return (slice.endpoints ?? []).flatMap((endpoint) =>
      // Addresses of one endpoint are the same backend: the first counts, as in kube-proxy.
      endpoint.addresses.slice(0, 1).map((ip) => ({ endpoint, backend: { ip, port: target, weight: weights[ip] ?? 1 } })),
    );
  });
}

/**
 * Ready endpoints; if there are none, those that end but still serve (KEP-1669), so that the last pods of a rollout
 * answer until they are gone. In the order of their addresses, each once.
 */
function backendsOf(candidates: readonly Candidate[]): Backend[] {
  const ready = candidates.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const serving = candidates.filter(({ endpoint }) => endpoint.conditions?.serving && endpoint.conditions.terminating);
  const chosen = (ready.length > 0 ? ready : serving).map((candidate) => candidate.backend);
  const unique = new Map(chosen.map((backend) => [`${backend.ip}:${backend.port}`, backend]));
  return [...unique.values()]
    .filter((backend) => backend.weight > 0)
    .sort((a, b) => parseIpv4(a.ip) - parseIpv4(b.ip) || a.port - b.port);
}

/** What is not a whole number from 0 to 1,000 counts as 1: a typo must not take a pod out of service. */
function weightsOf(slice: Stored<EndpointSlice>): Record<string, number> {
  const text = slice.metadata.annotations?.[weightsAnnotation];
  if (text === undefined) return {};
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    return Object.fromEntries(entries.map(([ip, weight]) => [ip, isWeight(weight) ? weight : 1]));
  } catch {
    return {};
  }
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 1000;
}

export function protocolOf(name: string | undefined): Protocol {
  if (name === "UDP") return "udp";
  return name === "SCTP" ? "sctp" : "tcp";
}
