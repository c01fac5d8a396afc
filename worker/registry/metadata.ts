/** The rules for `metadata` that hold for every kind (apimachinery's `api/validation/objectmeta.go`). */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { FieldError, Resource } from "../resources/resource.ts";
import { dns1123SubdomainErrors, labelValueErrors, pathSegmentNameErrors, qualifiedNameErrors } from "../resources/rules/names.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";

const annotationsLimitBytes = 256 * 1024;
/** `own`: what the kind itself has found; where it is stricter about names, its word counts alone. */
export function validateMetadata(resource: Resource, object: KubernetesObject, own: FieldError[] = []): FieldError[] {
  const meta = object.metadata ?? {};
  const isNameJudged = own.some(({ path }) => path === "metadata.name");
  return [
    ...(isNameJudged ? [] : nameErrors(resource, meta.name ?? "")),
    ...Object.entries(meta.labels ?? {}).flatMap(([key, value]) => labelErrors(key, value)),
    ...annotationErrors(meta.annotations ?? {}),
    ...(meta.ownerReferences ?? []).flatMap(ownerErrors),
    ...controllerErrors(meta.ownerReferences ?? []),
    ...(meta.finalizers ?? []).flatMap((name, at) => finalizerErrors(resource, name, at)),
  ];
}

/** What may not change once it is set. */
export function validateMetadataUpdate(next: KubernetesObject, previous: Stored<KubernetesObject>): FieldError[] {
  const meta = next.metadata ?? {};
  const immutable = (["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"] as const)
    .filter((field) => meta[field] !== previous.metadata[field])
    .map((field) => invalid(`metadata.${field}`, meta[field] ?? "", "field is immutable"));
  return [...immutable, ...newFinalizerErrors(meta.finalizers ?? [], previous)];
}

function newFinalizerErrors(finalizers: string[], previous: Stored<KubernetesObject>): FieldError[] {
  if (previous.metadata.deletionTimestamp === undefined) return [];
  const added = finalizers.filter((name) => !(previous.metadata.finalizers ?? []).includes(name));
  if (added.length === 0) return [];
  const list = `[]string{${added.map((name) => JSON.stringify(name)).join(", ")}}`;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [{ reason: "FieldValueForbidden", path: "metadata.finalizers", message }];
}

function nameErrors(resource: Resource, name: string): FieldError[] {
  if (name === "") return [required("metadata.name", "name or generateName is required")];
  const errors = resource.takesAnyName === true ? pathSegmentNameErrors(name) : dns1123SubdomainErrors(name);
  return errors.map((why) => invalid("metadata.name", name, why));
}

export function labelErrors(key: string, value: string): FieldError[] {
  const values = labelValueErrors(value).map((why) => invalid("metadata.labels", value, why));
  return [...keyErrors("metadata.labels", key), ...values];
}

export function annotationErrors(annotations: Record<string, string>): FieldError[] {
  let bytes = 0;
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(annotations)) {
    bytes += key.length + value.length;
    errors.push(...keyErrors("metadata.annotations", key.toLowerCase(), key));
  }
  if (bytes <= annotationsLimitBytes) return errors;
  const message = `Too long: may not be more than ${annotationsLimitBytes} bytes`;
  return [...errors, { reason: "FieldValueTooLong", path: "metadata.annotations", message }];
}

/** `[prefix/]name`, as for labels and annotations. */
function keyErrors(path: string, key: string, shown: string = key): FieldError[] {
  return qualifiedNameErrors(key).map((why) => invalid(path, shown, why));
}

type Owner = NonNullable<NonNullable<KubernetesObject["metadata"]>["ownerReferences"]>[number];

function ownerErrors(owner: Owner, at: number): FieldError[] {
  const path = `metadata.ownerReferences[${at}]`;
  return (["apiVersion", "kind", "name", "uid"] as const)
    .filter((field) => !owner[field])
    .map((field) => required(`${path}.${field}`, `${field === "apiVersion" ? "version" : field} must not be empty`));
}

function controllerErrors(owners: Owner[]): FieldError[] {
  if (owners.filter((owner) => owner.controller === true).length < 2) return [];
  const why = "Only one reference can have Controller set to true";
  return [invalid("metadata.ownerReferences", "ownerReferences", why)];
}

/** Kubernetes' own kinds are stricter than those made elsewhere. */
function finalizerErrors({ custom, group }: Resource, name: string, at: number): FieldError[] {
  const standard = ["kubernetes", "orphan", "foregroundDeletion"];
  const path = `metadata.finalizers[${at}]`;
  const isOwn = custom === undefined && group !== "apiextensions.k8s.io";
  if (isOwn && !name.includes("/") && !standard.includes(name)) {
    return [invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified")];
  }
  return keyErrors(path, name);
}

function required(path: string, detail: string): FieldError {
  return { reason: "FieldValueRequired", path, message: `Required value: ${detail}` };
}

function invalid(path: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueInvalid", path, message: `Invalid value: ${JSON.stringify(value)}: ${detail}` };
}

/** Everything but metadata and status: what `metadata.generation` counts. */
export function isSpecChanged(next: KubernetesObject, previous: KubernetesObject): boolean {
  const { metadata: _a, status: _b, apiVersion: _c, kind: _d, ...left } = next;
  const { metadata: _e, status: _f, apiVersion: _g, kind: _h, ...right } = previous;
  return !isEqual(left, right);
}
