/**
 * The OpenAPI v3 documents, one per group and version, made from the table of kinds when first asked for. Made once
 * an isolate: they only change with the script itself.
 */
import { contentHash } from "../resources/content-hash.ts";
import { schemas } from "../resources/generated/schemas.ts";
import { apiVersionOf, resources } from "../resources/registry.ts";
import { pathsOf, subresourceTypeOf } from "./paths.ts";
import { componentSchemas, deleteOptionsType, statusType, type GroupVersionKind } from "./schemas.ts";

export interface OpenApiDocument {
  /** JSON. */
  text: string;
  /** The version that clients cache by, and the ETag. */
  hash: string;
}

const documents = new Map<string, OpenApiDocument>();

/** `api/v1`, `apis/apps/v1`: below `/openapi/v3/`. */
function documentPaths(): string[] {
  return [...new Set(resources.map((resource) => documentPathOf(resource)))];
}

const documentPathOf = (resource: { group: string; version: string }): string =>
  `${resource.group === "" ? "api" : "apis"}/${apiVersionOf(resource)}`;

/** The answer of `GET /openapi/v3`. Makes no document: kubectl asks for it with every command that writes. */
export function openApiIndex(): { paths: Record<string, { serverRelativeURL: string }> } {
  const hash = sourceHash();
  const entries = documentPaths().map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const);
  return { paths: Object.fromEntries(entries) };
}

/** To be raised when ./schemas.ts or ./paths.ts make another document of the same facts: clients cache by the hash. */
const form = 1;

let source: string | undefined;

/** Of all that the documents are made from. */
function sourceHash(): string {
  source ??= contentHash(`${form}${schemas}${tableText()}`).toUpperCase();
  return source;
}

function tableText(): string {
  return JSON.stringify(resources.map(({ columns: _columns, subresources, ...facts }) => [facts, Object.keys(subresources)]));
}

/** The answer of `GET /openapi/v3/<path>`; undefined if no such group and version is served. */
export function openApiDocument(path: string): OpenApiDocument | undefined {
  const known = documents.get(path);
  if (known !== undefined) return known;
  const document = makeDocument(path);
  if (document === undefined) return undefined;
  const text = JSON.stringify(document);
  const made = { text, hash: sourceHash() };
  documents.set(path, made);
  return made;
}

function makeDocument(path: string): object | undefined {
  const served = resources.filter((resource) => documentPathOf(resource) === path);
  const first = served[0];
  if (first === undefined) return undefined;
  const others = new Map<string, GroupVersionKind>([
    [deleteOptionsType, { group: first.group, version: first.version, kind: "DeleteOptions" }],
    [statusType, { group: "", version: "v1", kind: "Status" }],
  ]);
  for (const resource of served) {
    for (const name of Object.keys(resource.subresources)) {
      const { type, kind } = subresourceTypeOf(resource, name);
      others.set(type, kind);
    }
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.35" },
    paths: Object.assign({}, ...served.map(pathsOf)) as object,
    components: { schemas: componentSchemas(served, others) },
  };
}
