/** The rules for `metadata` that hold for every kind (apimachinery's `api/validation/objectmeta.go`). */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { FieldError, Resource } from "../resources/resource.ts";
import { isEqual } from "./equality.ts";

const annotationsLimitBytes = 256 * 1024;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const nameRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

export function validateMetadata(resource: Resource, object: KubernetesObject): FieldError[] {
  const meta = object.metadata ?? {};
  return [
    ...nameErrors(resource, meta.name ?? ""),
    ...Object.entries(meta.labels ?? {}).flatMap(([key, value]) => labelErrors(key, value)),
    ...annotationErrors(meta.annotations ?? {}),
    ...(meta.ownerReferences ?? []).flatMap(ownerErrors),
    ...controllerErrors(meta.ownerReferences ?? []),
    ...(meta.finalizers ?? []).flatMap((name, at) => finalizerErrors(name, at)),
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

/** Kinds with a stricter rule (labels of DNS) add it in their own `validate`. */
function nameErrors(resource: Resource, name: string): FieldError[] {
  if (name === "") return [required("metadata.name", "name or generateName is required")];
  if (name === "." || name === ".." || name.includes("/") || name.includes("%")) {
    return [invalid("metadata.name", name, "may not be '.', '..' or contain '/' or '%'")];
  }
  if (resource.group === "rbac.authorization.k8s.io") return [];
  const tooLong = name.length > 253 ? [invalid("metadata.name", name, "must be no more than 253 characters")] : [];
  return subdomain.test(name) ? tooLong : [...tooLong, invalid("metadata.name", name, subdomainRule)];
}

function labelErrors(key: string, value: unknown): FieldError[] {
  return [
    ...keyErrors("metadata.labels", key),
    ...(typeof value === "string" && value.length > 63
      ? [invalid("metadata.labels", value, "must be no more than 63 characters")]
      : []),
    ...(typeof value === "string" && labelValue.test(value) ? [] : [invalid("metadata.labels", value, valueRule)]),
  ];
}

function annotationErrors(annotations: Record<string, string>): FieldError[] {
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
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const errors: FieldError[] = [];
  if (parts.length > 2) return [invalid(path, shown, `a qualified name ${nameRule.slice("name part ".length)}`)];
  if (parts.length === 2 && !subdomain.test(parts[0] ?? "")) errors.push(invalid(path, shown, `prefix part ${subdomainRule}`));
  if (name === "") errors.push(invalid(path, shown, "name part must be non-empty"));
  if (name.length > 63) errors.push(invalid(path, shown, "name part must be no more than 63 characters"));
  if (!qualifiedName.test(name)) errors.push(invalid(path, shown, nameRule));
  return errors;
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

function finalizerErrors(name: string, at: number): FieldError[] {
  const standard = ["kubernetes", "orphan", "foregroundDeletion"];
  const path = `metadata.finalizers[${at}]`;
  if (!name.includes("/") && !standard.includes(name)) {
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
