/** Strategies of subresources that most kinds share. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { nonNegative } from "./rules/field-errors.ts";
import type { FieldError, SubresourceStrategy } from "./resource.ts";

/**
 * `status`: everything but the status stays as it was. Metadata other than labels and owners may be written with it
 * (annotations, finalizers), as upstream.
 */
export function statusStrategy<T extends KubernetesObject>(
  validateUpdate: (next: T, previous: Stored<T>) => FieldError[] = () => [],
): SubresourceStrategy<T> {
  return {
    prepareForUpdate(next, previous) {
      keepAllBut(next, previous, "status");
      keepMetadata(next, previous, ["labels", "ownerReferences"]);
    },
    validateUpdate,
  };
}

/** `scale`: only `spec.replicas` may change. */
export function scaleStrategy<T extends KubernetesObject & { spec?: { replicas?: number } }>(): SubresourceStrategy<T> {
  return {
    prepareForUpdate(next, previous) {
      const replicas = next.spec?.replicas ?? 0;
      keepAllBut(next, previous, "spec");
      next.spec = { ...previous.spec, replicas };
      keepMetadata(next, previous, ["labels", "annotations", "ownerReferences", "finalizers"]);
    },
    validateUpdate: (next) => nonNegative("spec.replicas", next.spec?.replicas),
  };
}

/** Every top-level field but metadata and `field` becomes the previous one. */
export function keepAllBut<T extends KubernetesObject>(next: T, previous: Stored<T>, field: string): void {
  // Indexed by names that only both objects together have.
  const target: KubernetesObject = next;
  const source: KubernetesObject = previous;
  for (const name of Object.keys(target)) if (name !== "metadata" && name !== field && !(name in source)) delete target[name];
  for (const name of Object.keys(source)) if (name !== "metadata" && name !== field) target[name] = source[name];
}

type Meta = NonNullable<KubernetesObject["metadata"]>;

export function keepMetadata(next: KubernetesObject, previous: Stored<KubernetesObject>, fields: (keyof Meta)[]): void {
  const meta: Meta = { ...next.metadata };
  for (const field of fields) {
    if (previous.metadata[field] === undefined) delete meta[field];
    else Object.assign(meta, { [field]: previous.metadata[field] });
  }
  next.metadata = meta;
}
