/** For tests: Services and EndpointSlices as the control plane stores them. */
import type { Endpoint, EndpointSlice, Pod, Service, ServiceSpec } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored, StoredMeta } from "../../../protocol/kubernetes/object.ts";
import { serviceNameLabel } from "../services.ts";

function meta(name: string, extra: Partial<StoredMeta> = {}): StoredMeta {
  return { name, namespace: "default", uid: `uid-${name}`, resourceVersion: "1", creationTimestamp: "2025-01-01T00:00:00Z", ...extra };
}

/** A Service in namespace `default` with one TCP port 80 → 8080. */
export function service(name: string, spec: Partial<ServiceSpec> = {}): Stored<Service> {
  return { metadata: meta(name), spec: { clusterIP: "10.96.0.20", ports: [{ port: 80, protocol: "TCP" }], ...spec } };
}

export interface SliceOptions {
  port?: number;
  portName?: string;
  protocol?: string;
  annotations?: Record<string, string>;
  name?: string;
}

/** A slice of the service: each endpoint an address, or more about it. */
export function slice(of: string, endpoints: (string | Endpoint)[], options: SliceOptions = {}): Stored<EndpointSlice> {
  const port = { port: options.port ?? 8080, protocol: options.protocol ?? "TCP", ...(options.portName ? { name: options.portName } : {}) };
  const annotations = options.annotations ? { annotations: options.annotations } : {};
  return {
    addressType: "IPv4",
    metadata: meta(options.name ?? `${of}-1`, { labels: { [serviceNameLabel]: of }, ...annotations }),
    ports: [port],
    endpoints: endpoints.map((endpoint) => (typeof endpoint === "string" ? { addresses: [endpoint], conditions: { ready: true } } : endpoint)),
  };
}

export function pod(name: string, podIP: string | undefined, ports: { containerPort: number; hostPort: number; hostIP?: string }[]): Stored<Pod> {
  return {
    metadata: meta(name),
    spec: { containers: [{ name: "app", image: "app:1", ports: ports.map((port) => ({ protocol: "TCP", ...port })) }] },
    status: { phase: "Running", ...(podIP ? { podIP } : {}) },
  };
}

/** By key, as the agent's state has them. */
export function byName<T extends { metadata: StoredMeta }>(...objects: T[]): Map<string, T> {
  return new Map(objects.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]));
}
