/** Values that a pod takes from itself: `fieldRef` and `resourceFieldRef`, for variables and downward API files. */
import type { Container, Pod, ResourceFieldSelector } from "../../../protocol/kubernetes/generated/types.ts";
import { milliOf, unitsOf } from "../../../protocol/quantity.ts";

/** What of the node a pod may read. */
export interface NodeFacts {
  nodeName: string;
  hostIps: readonly string[];
  allocatable: Readonly<Record<string, string>>;
}

/** Where the pod's address comes from: the sandbox that was just made, before any status tells it. */
export interface FieldContext extends NodeFacts {
  podIps: readonly string[];
}

/** Undefined: there is no such field. Multi-line forms (all labels, all annotations) are `key="value"` lines, sorted. */
export function fieldValue(pod: Pod, fieldPath: string, context: FieldContext): string | undefined {
  const metadata = pod.metadata ?? {};
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (subscript !== null) {
    const map = subscript[1] === "labels" ? metadata.labels : metadata.annotations;
    return map?.[subscript[2] ?? ""] ?? "";
  }
  const fields: Record<string, () => string | undefined> = {
    "metadata.name": () => metadata.name,
    "metadata.namespace": () => metadata.namespace,
    "metadata.uid": () => metadata.uid,
    "metadata.labels": () => mapLines(metadata.labels),
    "metadata.annotations": () => mapLines(metadata.annotations),
    "spec.nodeName": () => pod.spec?.nodeName ?? context.nodeName,
    "spec.serviceAccountName": () => pod.spec?.serviceAccountName ?? "default",
    "spec.restartPolicy": () => pod.spec?.restartPolicy,
    "status.hostIP": () => context.hostIps[0] ?? "",
    "status.hostIPs": () => context.hostIps.join(","),
    "status.podIP": () => context.podIps[0] ?? "",
    "status.podIPs": () => context.podIps.join(","),
  };
  return fields[fieldPath]?.();
}

function mapLines(map: Record<string, string> | undefined): string {
  const lines = Object.entries(map ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return lines.toSorted().join("\n");
}

/** A container's request or limit in units of the divisor, rounded up; a missing limit is what the node can give. */
export function resourceValue(container: Container, selector: ResourceFieldSelector, allocatable: Readonly<Record<string, string>>): string | undefined {
  const [kind, name] = splitOnce(selector.resource, ".");
  if (name === undefined || (kind !== "limits" && kind !== "requests")) return undefined;
  const { limits, requests } = container.resources ?? {};
  const given = kind === "limits" ? (limits?.[name] ?? allocatable[name]) : (requests?.[name] ?? limits?.[name]);
  const divisor = selector.divisor === undefined || selector.divisor === "" || String(selector.divisor) === "0" ? "1" : selector.divisor;
  const amount = given ?? "0";
  return String(name === "cpu" ? Math.ceil(milliOf(amount) / milliOf(divisor)) : Math.ceil(unitsOf(amount) / unitsOf(divisor)));
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
