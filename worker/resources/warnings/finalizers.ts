/** Finalizers of custom resources: any qualified name will do, and one without a domain may be somebody else's, too. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";

const standard = ["kubernetes", "orphan", "foregroundDeletion"];

/** Of those that are new. */
export function finalizerWarnings({ metadata }: KubernetesObject, previous?: KubernetesObject): string[] {
  const known = new Set([...standard, ...(previous?.metadata?.finalizers ?? [])]);
  const bare = new Set((metadata?.finalizers ?? []).filter((name) => !known.has(name) && !name.includes("/")));
  return [...bare].toSorted().map((name) => `metadata.finalizers: ${JSON.stringify(name)}: ${preferDomain}`);
}

const preferDomain = "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers";
