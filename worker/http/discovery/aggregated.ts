/** Aggregated discovery (KEP-3352): everything in two documents, which clients keep by their ETag. */
import { contentHash } from "../../resources/content-hash.ts";
import { groupsOf } from "../../resources/groups.ts";
import type { Resource } from "../../resources/resource.ts";
import { subresourcesOf } from "../subresources.ts";
import type { Kinds } from "./plain.ts";

export interface Tagged {
  text: string;
  etag: string;
}

export function coreDiscovery(kinds: Kinds): Tagged {
  return tagged(kinds.filter(({ group }) => group === ""));
}

export function groupDiscovery(kinds: Kinds): Tagged {
  return tagged(kinds.filter(({ group }) => group !== ""));
}

function tagged(kinds: Kinds): Tagged {
  const items = [...groupsOf(kinds)].map(([group, versions]) => ({
    metadata: group === "" ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
    versions: versions.map((version) => ({ version, resources: resourcesIn(kinds, group, version), freshness: "Current" })),
  }));
  const text = `${JSON.stringify({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items })}\n`;
  return { text, etag: `"${contentHash(text).toUpperCase()}"` };
}

function resourcesIn(kinds: Kinds, group: string, version: string): object[] {
  const found = kinds.filter((kind) => kind.group === group && kind.version === version);
  return found.toSorted((left, right) => (left.plural < right.plural ? -1 : 1)).map(aggregatedResource);
}

function aggregatedResource(resource: Resource): object {
  const { group, version, plural, singular, isNamespaced, kind, verbs, shortNames, categories } = resource;
  const subresources = subresourcesOf(resource).map((subresource) => ({
    subresource: subresource.name,
    responseKind: subresource.kind,
    verbs: subresource.verbs,
  }));
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: isNamespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
