/** `meta.k8s.io/v1` Table: what `kubectl get` prints, computed here from the kind's columns. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { Column, Resource } from "../../resources/resource.ts";
import { partialMetadata } from "./metadata-form.ts";

export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  include: IncludeObject;
  now: number;
  /** Later events of a watch leave out what the first said. */
  hasColumns?: boolean;
}

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const include = query.get("includeObject") || "Metadata";
  if (include === "None" || include === "Metadata" || include === "Object") return include;
  throw StatusError.badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
}

export function tableOf(
  resource: Resource,
  objects: Stored<KubernetesObject>[],
  metadata: object,
  options: TableOptions,
): object {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: options.hasColumns === false ? null : resource.columns.map(definitionOf),
    rows: objects.map((object) => rowOf(resource, object, options)),
  };
}

export function rowOf(resource: Resource, object: Stored<KubernetesObject>, { include, now }: TableOptions): object {
  return {
    cells: resource.columns.map((column) => column.cell(object, now)),
    object: include === "None" ? null : include === "Object" ? object : partialMetadata(object),
  };
}

export function definitionOf({ name, type, format, description, priority }: Column): object {
  return { name, type, format: format ?? (name === "Name" ? "name" : ""), description, priority };
}
