/** What of a pod's containers is allowed and probably not meant. */
import type { Container, ContainerPort, EnvVar, PodSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { fractionWarnings } from "./fractions.ts";

interface Placed<T> {
  path: string;
  value: T;
}

export function containerWarnings(path: string, spec: PodSpec): string[] {
  const containers = placedContainers(path, spec);
  return [
    ...containers.flatMap(({ path: place, value: { env, resources } }) => [
      ...fractionWarnings(`${place}.resources.limits`, resources?.limits),
      ...fractionWarnings(`${place}.resources.requests`, resources?.requests),
      ...hiddenVariables(`${place}.env`, env),
    ]),
    ...portWarnings(containers.flatMap(({ path: place, value }) => placed(`${place}.ports`, value.ports))),
  ];
}

/** In upstream's order: those that prepare, those that serve, those that look on. */
export function placedContainers(path: string, spec: PodSpec): Placed<Container>[] {
  return [
    ...placed(`${path}.initContainers`, spec.initContainers),
    ...placed(`${path}.containers`, spec.containers),
    ...placed<Container>(`${path}.ephemeralContainers`, spec.ephemeralContainers),
  ];
}

function placed<T>(path: string, values: T[] = []): Placed<T>[] {
  return values.map((value, at) => ({ path: `${path}[${at}]`, value }));
}

/** A later value that builds upon the earlier one (`$(PATH):/bin`) is meant. */
function hiddenVariables(path: string, env: EnvVar[] = []): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = "", valueFrom }, at) => {
    const isRepeated = seen.has(name);
    seen.add(name);
    const reference = `$(${name})`;
    const buildsUpon = valueFrom === undefined && value !== reference && value.includes(reference);
    const what = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
    return isRepeated && !buildsUpon ? [`${path}[${at}]: ${what}`] : [];
  });
}

/** Ports of all containers: they share the pod's network. */
function portWarnings(ports: Placed<ContainerPort>[]): string[] {
  return ports.flatMap(({ path, value: port }, at) => {
    const alone = port.hostIP && !port.hostPort ? [`${path}: hostIP set without hostPort: ${goText(port)}`] : [];
    const clashes = ports.slice(0, at).flatMap((other) => {
      const how = clashOf(port, other.value);
      return how === undefined ? [] : [`${path}: ${how} port definition with ${other.path}`];
    });
    return [...alone, ...clashes];
  });
}

function clashOf(port: ContainerPort, other: ContainerPort): "duplicate" | "overlapping" | "dangerously ambiguous" | undefined {
  if (port.containerPort !== other.containerPort || (port.protocol ?? "TCP") !== (other.protocol ?? "TCP")) return undefined;
  const [hostPort, otherHostPort] = [port.hostPort ?? 0, other.hostPort ?? 0];
  const [hostIP, otherHostIP] = [port.hostIP ?? "", other.hostIP ?? ""];
  if (hostPort === otherHostPort && hostIP === otherHostIP) return "duplicate";
  if (hostPort === 0 || otherHostPort === 0) return "overlapping";
  // An address beside "every address", at one port.
  return hostPort === otherHostPort && (hostIP === "") !== (otherHostIP === "") ? "dangerously ambiguous" : undefined;
}

/** As Go prints the struct (`%+v`). */
function goText({ name = "", hostPort = 0, containerPort, protocol = "TCP", hostIP = "" }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
