/** Discovery as ever: a list of groups, and for each of their versions a list of resources. */
import { groupsOf } from "../../resources/groups.ts";
import { apiVersionOf } from "../../resources/registry.ts";
import type { Resource } from "../../resources/resource.ts";
import { subresourcesOf, type Subresource } from "../subresources.ts";

export type Kinds = readonly Resource[];

export function coreVersions(kinds: Kinds, serverAddress: string): object {
  return {
    kind: "APIVersions",
    apiVersion: "v1",
    versions: groupsOf(kinds).get("") ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

export function groupList(kinds: Kinds): object {
  const groups = [...groupsOf(kinds)].filter(([group]) => group !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(([group, versions]) => groupOf(group, versions)) };
}

/** Undefined: nothing of the group is served. */
export function apiGroup(kinds: Kinds, group: string): object | undefined {
  const versions = groupsOf(kinds).get(group);
  return group === "" || versions === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupOf(group, versions) };
}

function groupOf(group: string, names: string[]): object {
  const versions = names.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

export async function resourceList(kinds: Kinds, { group, version }: { group: string; version: string }): Promise<object | undefined> {
  const found = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (found.length === 0) return undefined;
  const hashes = await Promise.all(found.map(storageVersionHash));
  const entries = found.flatMap((resource, at) => [
    plainResource(resource, hashes[at]),
    ...subresourcesOf(resource).map((subresource) => plainSubresource(resource, subresource)),
  ]);
  const resources = entries.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf({ group, version }), resources };
}

interface Entry {
  name: string;
  [field: string]: unknown;
}

function plainResource(resource: Resource, hash: string | undefined): Entry {
  const { plural, singular, isNamespaced, kind, verbs, shortNames, categories } = resource;
  return {
    name: plural,
    singularName: singular,
    namespaced: isNamespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(hash === undefined ? {} : { storageVersionHash: hash }),
  };
}

/** Of the version that objects are stored as: when it changes, they are worth rewriting. */
async function storageVersionHash(served: Resource): Promise<string | undefined> {
  if (served.isStored === false) return undefined;
  const { group, version, kind } = served.conversion?.stored ?? served;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${group}/${version}/${kind}`));
  return btoa(String.fromCharCode(...new Uint8Array(digest, 0, 8)));
}

function plainSubresource(resource: Resource, { name, kind, verbs }: Subresource): Entry {
  return {
    name: `${resource.plural}/${name}`,
    singularName: "",
    namespaced: resource.isNamespaced,
    ...(kind.group === resource.group && kind.version === resource.version ? {} : { group: kind.group, version: kind.version }),
    kind: kind.kind,
    verbs,
  };
}

/** The answer of `GET /`. */
export function rootPaths(kinds: Kinds): string[] {
  const paths = [...groupsOf(kinds)].flatMap(([group, versions]) =>
    group === "" ? versions.map((version) => `/api/${version}`) : [`/apis/${group}`, ...versions.map((version) => `/apis/${group}/${version}`)]);
  return [...paths, "/api", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"].sort();
}
