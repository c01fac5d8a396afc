/** Endpoints by the ports that they serve: pods may give one named target port different numbers. */
import type { DiscoveryEndpointPort, Endpoint, Pod, Service, ServicePort } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { canonical } from "../equality.ts";
import { isDeleting } from "../owner-references.ts";
import { isReady, isTerminal } from "../pod-state.ts";

/** A pod's part in a weighted rotation: a whole number from 0 (none) to 1000; absent is 1. */
export const weightAnnotation = "kedge.dev/weight";

export interface PortGroup {
  addressType: "IPv4" | "IPv6";
  ports: DiscoveryEndpointPort[];
  endpoints: WeightedEndpoint[];
}

export interface WeightedEndpoint {
  endpoint: Endpoint;
  weight: number | undefined;
}

export const keyOfGroup = (group: { addressType: string; ports?: DiscoveryEndpointPort[] }): string =>
  canonical([group.addressType, (group.ports ?? []).map((port) => canonical(port)).sort()]);

export function groupByPorts(service: Stored<Service>, pods: Stored<Pod>[]): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const ip = pod.status?.podIP;
    if (ip === undefined || ip === "" || isTerminal(pod)) continue;
    const group: PortGroup = { addressType: ip.includes(":") ? "IPv6" : "IPv4", ports: portsFor(service, pod), endpoints: [] };
    const key = keyOfGroup(group);
    const known = groups.get(key) ?? group;
    groups.set(key, known);
    known.endpoints.push({ endpoint: endpointOf(service, pod, ip), weight: weightOf(pod) });
  }
  return [...groups.values()];
}

function endpointOf(service: Stored<Service>, pod: Stored<Pod>, ip: string): Endpoint {
  const serving = isReady(pod);
  const terminating = isDeleting(pod);
  const { hostname, nodeName, subdomain } = pod.spec ?? {};
  const { name, namespace = "", uid } = pod.metadata;
  return {
    addresses: [ip],
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

function weightOf(pod: Pod): number | undefined {
  const text = pod.metadata?.annotations?.[weightAnnotation] ?? "";
  return /^\d{1,4}$/.test(text) && Number(text) <= 1000 ? Number(text) : undefined;
}

/** A port whose named target the pod does not have is left out for that pod, as upstream. */
export function portsFor(service: Service, pod: Pod): DiscoveryEndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(servicePort, pod);
    if (port === undefined) return [];
    const { appProtocol } = servicePort;
    return [{ name: servicePort.name ?? "", port, protocol: servicePort.protocol ?? "TCP", ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function targetPort({ targetPort: target, port, protocol = "TCP" }: ServicePort, pod: Pod): number | undefined {
  if (target === undefined) return port;
  if (typeof target === "number") return target;
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((candidate) => candidate.name === target && (candidate.protocol ?? "TCP") === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}
