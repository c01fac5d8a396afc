/** The paths of a resource in an OpenAPI v3 document: what kubectl reads to know what the server can do. */
import { applyType, patchTypesOf } from "../patch/patch.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { Resource } from "../resources/resource.ts";
import { deleteOptionsType, listTypeOf, patchType, reference, statusType, type GroupVersionKind } from "./schemas.ts";

type Json = Record<string, unknown>;

const query = (name: string, type = "string"): Json => ({ name, in: "query", schema: { type, uniqueItems: true } });
const inPath = (name: string): Json => ({ name, in: "path", required: true, schema: { type: "string", uniqueItems: true } });

const pretty = query("pretty");
const writeParameters = [query("dryRun"), query("fieldManager"), query("fieldValidation")];
const deleteParameters = [
  query("dryRun"),
  query("gracePeriodSeconds", "integer"),
  query("orphanDependents", "boolean"),
  query("propagationPolicy"),
];
const listParameters = [
  query("allowWatchBookmarks", "boolean"),
  query("continue"),
  query("fieldSelector"),
  query("labelSelector"),
  query("limit", "integer"),
  query("resourceVersion"),
  query("resourceVersionMatch"),
  query("sendInitialEvents", "boolean"),
  query("timeoutSeconds", "integer"),
  query("watch", "boolean"),
];

/** By these, kubectl chooses how it patches. */
const patchContentTypesOf = (resource: Resource): string[] => [applyType, ...patchTypesOf(resource)];

/** A subresource with a type of its own; others are of the resource's. */
export interface SubresourceType {
  type: string;
  kind: GroupVersionKind;
  verbs: string[];
}

const scale: SubresourceType = {
  type: "io.k8s.api.autoscaling.v1.Scale",
  kind: { group: "autoscaling", version: "v1", kind: "Scale" },
  verbs: ["get", "update", "patch"],
};
const binding: SubresourceType = {
  type: "io.k8s.api.core.v1.Binding",
  kind: { group: "", version: "v1", kind: "Binding" },
  verbs: ["create"],
};

export function subresourceTypeOf(resource: Resource, name: string): SubresourceType {
  if (name === "scale") return scale;
  if (name === "binding") return binding;
  return { type: resource.schema, kind: kindOf(resource), verbs: name === "finalize" ? ["update"] : ["get", "update", "patch"] };
}

export const kindOf = ({ group, version, kind }: Resource): GroupVersionKind => ({ group, version, kind });

export function pathsOf(resource: Resource): Record<string, Json> {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
  const scope = resource.isNamespaced ? `${root}/namespaces/{namespace}` : root;
  const scopeParameters = resource.isNamespaced ? [inPath("namespace")] : [];
  const collection = `${scope}/${resource.plural}`;
  const itemParameters = [inPath("name"), ...scopeParameters, pretty];
  const paths: Record<string, Json> = {
    [collection]: { ...collectionOperations(resource), parameters: [...scopeParameters, pretty] },
  };
  const items = itemOperations(resource);
  if (Object.keys(items).length > 0) paths[`${collection}/{name}`] = { ...items, parameters: itemParameters };
  if (resource.isNamespaced && resource.verbs.includes("list")) paths[`${root}/${resource.plural}`] = { get: listOperation(resource), parameters: [pretty] };
  for (const name of Object.keys(resource.subresources)) {
    const subresource = subresourceTypeOf(resource, name);
    paths[`${collection}/{name}/${name}`] = { ...operationsOf(resource, subresource), parameters: itemParameters };
  }
  return paths;
}

function collectionOperations(resource: Resource): Json {
  return {
    ...only(resource, "list", { get: listOperation(resource) }),
    ...only(resource, "create", { post: operation("post", kindOf(resource), resource.schema, { body: resource.schema, parameters: writeParameters }) }),
    ...only(resource, "deletecollection", {
      delete: operation("deletecollection", kindOf(resource), statusType, {
        body: deleteOptionsType,
        parameters: [...deleteParameters, query("labelSelector"), query("fieldSelector")],
      }),
    }),
  };
}

const only = (resource: Resource, verb: string, operations: Json): Json => (resource.verbs.includes(verb) ? operations : {});

function listOperation(resource: Resource): Json {
  return operation("list", kindOf(resource), listTypeOf(resource), { parameters: listParameters });
}

function itemOperations(resource: Resource): Json {
  const own = operationsOf(resource, { type: resource.schema, kind: kindOf(resource), verbs: resource.verbs.filter((verb) => verb !== "create") });
  const remove = operation("delete", kindOf(resource), statusType, { body: deleteOptionsType, parameters: deleteParameters });
  return { ...own, ...only(resource, "delete", { delete: remove }) };
}

function operationsOf(resource: Resource, { type, kind, verbs }: SubresourceType): Json {
  const patchParameters = [...writeParameters, query("force", "boolean")];
  const all: [verb: string, operations: Json][] = [
    ["get", { get: operation("get", kind, type, {}) }],
    ["create", { post: operation("post", kind, type, { body: type, parameters: writeParameters }) }],
    ["update", { put: operation("put", kind, type, { body: type, parameters: writeParameters }) }],
    ["patch", { patch: operation("patch", kind, type, { body: patchType, contentTypes: patchContentTypesOf(resource), parameters: patchParameters }) }],
  ];
  return Object.assign({}, ...all.filter(([verb]) => verbs.includes(verb)).map(([, operations]) => operations)) as Json;
}

interface OperationOptions {
  body?: string;
  contentTypes?: string[];
  parameters?: Json[];
}

function operation(action: string, kind: GroupVersionKind, answer: string, options: OperationOptions): Json {
  const { body, contentTypes = ["application/json", "application/yaml"], parameters } = options;
  return {
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: action !== "delete", content: content(contentTypes, body) } }),
    responses: { "200": { description: "OK", content: content(["application/json", "application/yaml"], answer) } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kind,
  };
}

function content(types: string[], schema: string): Json {
  return Object.fromEntries(types.map((type) => [type, { schema: reference(schema) }]));
}
