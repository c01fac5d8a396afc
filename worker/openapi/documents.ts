/**
 * The OpenAPI documents, one of version 3 for each group and version, made from the kinds that are served when first
 * asked for, and kept for as long as these are.
 */
import { contentHash } from "../resources/content-hash.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { Resource } from "../resources/resource.ts";
import { descriptionsSource, readDescriptions, type Descriptions } from "./descriptions.ts";
import { pathsOf, subresourceTypeOf } from "./paths.ts";
import { swaggerOf, type OpenApiV3 } from "./swagger.ts";
import { componentSchemas, deleteOptionsType, factsOf, statusType, type GroupVersionKind } from "./schemas.ts";

export interface OpenApiDocument {
  /** JSON. */
  text: string;
  /** The version that clients cache by, and the ETag. */
  hash: string;
}

type Kinds = readonly Resource[];

/** To be raised when ./schemas.ts or ./paths.ts make another document of the same facts: clients cache by the hash. */
const form = 2;

export class OpenApiDocuments {
  /** `api/v1`, `apis/apps/v1` (below `/openapi/v3/`) → its kinds. */
  readonly #kinds = new Map<string, Resource[]>();
  readonly #hashes = new Map<string, string>();
  readonly #texts = new Map<string, string>();

  constructor(kinds: Kinds) {
    for (const kind of kinds) {
      const path = `${kind.group === "" ? "api" : "apis"}/${apiVersionOf(kind)}`;
      this.#kinds.set(path, [...(this.#kinds.get(path) ?? []), kind]);
    }
  }

  /** The answer of `GET /openapi/v3`. Makes no document: kubectl asks for it with every command that writes. */
  index(): { paths: Record<string, { serverRelativeURL: string }> } {
    const entries = [...this.#kinds.keys()].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#hashOf(path)}` }] as const);
    return { paths: Object.fromEntries(entries) };
  }

  /** The answer of `GET /openapi/v3/<path>`; undefined if no such group and version is served. */
  async document(path: string): Promise<OpenApiDocument | undefined> {
    const kinds = this.#kinds.get(path);
    if (kinds === undefined) return undefined;
    const text = this.#texts.get(path) ?? JSON.stringify(makeDocument(kinds, await readDescriptions()));
    this.#texts.set(path, text);
    return { text, hash: this.#hashOf(path) };
  }

  /** The answer of `GET /openapi/v2`: everything in one. Large and seldom asked for, so it is not kept. */
  async swagger(): Promise<object> {
    const descriptions = await readDescriptions();
    return swaggerOf([...this.#kinds.values()].map((kinds) => makeDocument(kinds, descriptions)));
  }

  get swaggerHash(): string {
    return contentHash([...this.#kinds.keys()].map((path) => this.#hashOf(path)).join()).toUpperCase();
  }

  /** Of all that the document is made from: kinds of other groups may come and go. */
  #hashOf(path: string): string {
    const known = this.#hashes.get(path);
    if (known !== undefined) return known;
    const kinds = this.#kinds.get(path) ?? [];
    const facts = kinds.map(({ columns: _columns, subresources, ...rest }) => [rest, Object.keys(subresources)]);
    const hash = contentHash(`${form}${textsHash()}${JSON.stringify(facts)}${factsOf(kinds)}`).toUpperCase();
    this.#hashes.set(path, hash);
    return hash;
  }
}

let hashOfTexts: string | undefined;

function textsHash(): string {
  hashOfTexts ??= contentHash(descriptionsSource);
  return hashOfTexts;
}

function makeDocument(served: Resource[], descriptions: Descriptions): OpenApiV3 {
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
