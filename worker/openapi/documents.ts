/**
 * The OpenAPI v3 documents, one per group and version, made from the table of kinds when first asked for. Made once
 * an isolate: they only change with the script itself.
 */
import { contentHash } from "../resources/content-hash.ts";
import { schemas } from "../resources/generated/schemas.ts";
import { apiVersionOf, resources } from "../resources/registry.ts";
import { descriptionsSource, readDescriptions, type Descriptions } from "./descriptions.ts";
import { pathsOf, subresourceTypeOf } from "./paths.ts";
import { swaggerOf, type OpenApiV3 } from "./swagger.ts";
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
  source ??= contentHash(`${form}${schemas}${descriptionsSource}${tableText()}`).toUpperCase();
  return source;
}

function tableText(): string {
  return JSON.stringify(resources.map(({ columns: _columns, subresources, ...facts }) => [facts, Object.keys(subresources)]));
}

/** The answer of `GET /openapi/v3/<path>`; undefined if no such group and version is served. */
export async function openApiDocument(path: string): Promise<OpenApiDocument | undefined> {
  const known = documents.get(path);
  if (known !== undefined) return known;
  if (!documentPaths().includes(path)) return undefined;
  const made = { text: JSON.stringify(makeDocument(path, await readDescriptions())), hash: sourceHash() };
  documents.set(path, made);
  return made;
}

/** The answer of `GET /openapi/v2`: everything in one. Large and seldom asked for, so it is not kept. */
export async function swaggerDocument(): Promise<object> {
  const descriptions = await readDescriptions();
  return swaggerOf(documentPaths().map((path) => makeDocument(path, descriptions)));
}

export const swaggerHash = sourceHash;

function makeDocument(path: string, descriptions: Descriptions): OpenApiV3 {
  const served = resources.filter((resource) => documentPathOf(resource) === path);
  const [{ group = "", version = "" } = {}] = served;
  const others = new Map<string, GroupVersionKind>([
    [deleteOptionsType, { group, version, kind: "DeleteOptions" }],
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
    paths: Object.assign({}, ...served.map(pathsOf)) as OpenApiV3["paths"],
    components: { schemas: componentSchemas(served, others, descriptions) },
  };
}
