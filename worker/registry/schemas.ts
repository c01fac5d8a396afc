/** What planning asks of the kinds' schemas: the part of defaulting and validation that the OpenAPI states. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { FieldError, Resource } from "../resources/resource.ts";

export interface Schemas {
  /** Mutates. */
  applyDefaults(resource: Resource, object: KubernetesObject): void;
  /** Types were checked when the object was decoded; this is about what is required and well-formed. */
  validate(resource: Resource, object: KubernetesObject): FieldError[];
}
