/** Warnings of those that make pods. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import type { JobSpec, ObjectMeta, PodSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { dns1123LabelErrors } from "../rules/names.ts";
import { podWarnings } from "./pods.ts";

type Template = { metadata?: ObjectMeta; spec?: PodSpec } | undefined;

/** Of a workload that was made, or whose spec has changed: a new label is no reason to repeat them. */
export function workloadWarnings(path: string, template: Template, object: KubernetesObject, previous?: KubernetesObject): string[] {
  if (previous !== undefined && previous.metadata?.generation === object.metadata?.generation) return [];
  return podWarnings(`${path}.`, template ?? {});
}

export function jobWarnings(path: string, spec: JobSpec | undefined, object: KubernetesObject, previous?: KubernetesObject): string[] {
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {};
  const isVast = completionMode === "Indexed" && completions > 100_000 && parallelism > 10_000;
  const what =
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail";
  const isUnchanged = previous !== undefined && previous.metadata?.generation === object.metadata?.generation;
  return [...(isVast && !isUnchanged ? [`${path}: ${what}`] : []), ...workloadWarnings(`${path}.template`, spec?.template, object, previous)];
}

/** A name is not changed: only its first appearance is worth a word. */
export function hostnameWarnings(usedIn: "the Pod's hostname" | "Pod names and hostnames", object: KubernetesObject, previous?: KubernetesObject): string[] {
  const name = object.metadata?.name ?? "";
  const errors = previous !== undefined || name === "" ? [] : dns1123LabelErrors(name);
  if (errors.length === 0) return [];
  const why = `this is used in ${usedIn}, which can result in surprising behavior; a DNS label is recommended`;
  return [`metadata.name: ${why}: [${errors.join(", ")}]`];
}
