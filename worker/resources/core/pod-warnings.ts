/** What is allowed in a pod and probably not meant (pkg/api/pod/warnings.go): `Warning` headers that kubectl prints. */
import type { Container, PodSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { quantity } from "../../../protocol/quantity.ts";
import { dns1123LabelErrors } from "../rules/names.ts";
import { allContainers } from "./pod-defaults.ts";

export function podSpecWarnings(path: string, spec: PodSpec | undefined): string[] {
  if (spec === undefined) return [];
  const initCount = spec.initContainers?.length ?? 0;
  return allContainers(spec).flatMap((container, at) => {
    const place = at < initCount ? `${path}.initContainers[${at}]` : `${path}.containers[${at - initCount}]`;
    return [...hiddenVariables(`${place}.env`, container), ...repeatedPorts(`${place}.ports`, container), ...fractions(`${place}.resources`, container)];
  });
}

/** A pod's name is its hostname. */
export function podNameWarnings(name: string): string[] {
  const errors = name === "" ? [] : dns1123LabelErrors(name);
  if (errors.length === 0) return [];
  const why = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
  return [`metadata.name: ${why}: [${errors.join(", ")}]`];
}

function hiddenVariables(path: string, { env = [] }: Container): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name }, at) => {
    const isHiding = seen.has(name);
    seen.add(name);
    const what = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
    return isHiding ? [`${path}[${at}]: ${what}`] : [];
  });
}

function repeatedPorts(path: string, { ports = [] }: Container): string[] {
  const seen = new Map<string, number>();
  return ports.flatMap(({ containerPort, protocol = "TCP", hostPort = 0, hostIP = "" }, at) => {
    const id = `${containerPort}/${protocol}/${hostPort}/${hostIP}`;
    const first = seen.get(id);
    if (first === undefined) seen.set(id, at);
    return first === undefined ? [] : [`${path}[${at}]: duplicate port definition with ${path}[${first}]`];
  });
}

const nanoPerUnit = 1_000_000_000n;

function fractions(path: string, { resources }: Container): string[] {
  return (["limits", "requests"] as const).flatMap((list) =>
    (["memory", "ephemeral-storage"] as const).flatMap((name) => {
      const value = resources?.[list]?.[name];
      if (value === undefined || quantity(value).nano % nanoPerUnit === 0n) return [];
      return [`${path}.${list}[${name}]: fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`];
    }),
  );
}
