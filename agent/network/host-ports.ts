/** Host ports of this node's pods; pure. */
import type { ContainerPort, Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { isIpv4 } from "./ipv4.ts";
import { protocolOf, type Backend, type Protocol } from "./services.ts";

export interface HostPort {
  /** `<namespace>/<pod>/<protocol>/<host port>` */
  id: string;
  protocol: Protocol;
  /** Undefined: every address of the host. */
  hostIp: string | undefined;
  hostPort: number;
  backend: Backend;
}

/** Of pods that have an address and have not ended. Pods in the host's network listen by themselves. */
export function hostPortsOf(pods: ReadonlyMap<string, Stored<Pod>>): HostPort[] {
  return [...pods.values()].filter(isServed).flatMap((pod) => {
    const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
    return ports.flatMap((port) => hostPortOf(pod, port));
  });
}

function isServed(pod: Stored<Pod>): boolean {
  const hasEnded = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  return !hasEnded && !pod.spec?.hostNetwork && isIpv4(pod.status?.podIP ?? "");
}

function hostPortOf(pod: Stored<Pod>, port: ContainerPort): HostPort[] {
  if (!port.hostPort) return [];
  const protocol = protocolOf(port.protocol);
  const isAnyAddress = !port.hostIP || port.hostIP === "0.0.0.0";
  if (!isAnyAddress && !isIpv4(port.hostIP ?? "")) return [];
  return [
    {
      id: `${pod.metadata.namespace}/${pod.metadata.name}/${protocol}/${port.hostPort}`,
      protocol,
      hostIp: isAnyAddress ? undefined : port.hostIP,
      hostPort: port.hostPort,
      backend: { ip: pod.status?.podIP ?? "", port: port.containerPort, weight: 1 },
    },
  ];
}
