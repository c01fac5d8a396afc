/** Field errors as the one refusal that a client sees. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { FieldError, Resource } from "../resources/resource.ts";

/** Throws `Invalid` with every error if there is one. */
export function rejectInvalid(resource: Resource, object: KubernetesObject, errors: FieldError[]): void {
  if (errors.length === 0) return;
  const about = { group: resource.group, kind: resource.kind, name: object.metadata?.name ?? "" };
  throw StatusError.invalid(about, errors.map(({ reason, message, path }) => ({ reason, message, field: path })));
}
