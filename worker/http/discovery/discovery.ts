/**
 * Which groups, versions and resources there are: plain, as ever, and aggregated (KEP-3352) for clients that ask
 * for `as=APIGroupDiscoveryList`. Everything follows from the table of kinds, plus the subresources served here.
 */
import { apiVersionOf, resources } from "../../resources/registry.ts";
import type { Resource } from "../../resources/resource.ts";
import { wantsAggregated } from "../formats/accept.ts";
import type { App } from "../context.ts";
import { pathNotFound } from "../errors.ts";
import { subresourcesOf, type Subresource } from "../subresources.ts";

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

export function mountDiscovery(app: App): void {
  app.get("/", () => json({ paths: rootPaths() }));
  for (const path of ["/api", "/api/"]) {
    app.get(path, (c) => (wantsAggregated(c.req.raw) ? aggregated([""]) : json(coreVersions(c.req.url))));
  }
  for (const path of ["/apis", "/apis/"]) {
    app.get(path, (c) => (wantsAggregated(c.req.raw) ? aggregated(namedGroups) : json(groupList())));
  }
  app.get("/api/v1", () => json(resourceList("", "v1")));
  app.get("/apis/:group", (c) => {
    const group = c.req.param("group");
    return namedGroups.includes(group) ? json({ kind: "APIGroup", apiVersion: "v1", ...groupOf(group) }) : pathNotFound();
  });
  app.get("/apis/:group/:version", (c) => {
    const { group, version } = c.req.param();
    return versionsOf(group).includes(version) ? json(resourceList(group, version)) : pathNotFound();
  });
}

const groups = [...new Set(resources.map(({ group }) => group))];
const namedGroups = groups.filter((group) => group !== "");

function rootPaths(): string[] {
  const versions = namedGroups.flatMap((group) => [group, ...versionsOf(group).map((version) => `${group}/${version}`)]);
  const groupPaths = versions.map((path) => `/apis/${path}`);
  return ["/api", "/api/v1", "/apis", ...groupPaths, "/healthz", "/livez", "/metrics", "/openapi/v3", "/readyz", "/version"];
}

function versionsOf(group: string): string[] {
  return [...new Set(resources.filter((resource) => resource.group === group).map(({ version }) => version))];
}

function resourcesIn(group: string, version: string): Resource[] {
  return resources.filter((resource) => resource.group === group && resource.version === version);
}

function coreVersions(url: string): object {
  const serverAddress = new URL(url).host;
  return {
    kind: "APIVersions",
    versions: versionsOf(""),
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

function groupList(): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: namedGroups.map(groupOf) };
}

function groupOf(group: string): object {
  const versions = versionsOf(group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceList(group: string, version: string): object {
  const found = resourcesIn(group, version).flatMap((resource) => [
    plainResource(resource),
    ...subresourcesOf(resource).map((subresource) => plainSubresource(resource, subresource)),
  ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf({ group, version }), resources: found };
}

function plainResource(resource: Resource): object {
  const { plural, singular, isNamespaced, kind, verbs, shortNames, categories } = resource;
  return {
    name: plural,
    singularName: singular,
    namespaced: isNamespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
}

function plainSubresource(resource: Resource, { name, kind, verbs }: Subresource): object {
  return {
    name: `${resource.plural}/${name}`,
    singularName: "",
    namespaced: resource.isNamespaced,
    ...(kind.group === resource.group && kind.version === resource.version ? {} : { group: kind.group, version: kind.version }),
    kind: kind.kind,
    verbs,
  };
}

function aggregated(which: string[]): Response {
  const items = which.map((group) => ({
    metadata: group === "" ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
    versions: versionsOf(group).map((version) => ({
      version,
      resources: resourcesIn(group, version).map(aggregatedResource),
      freshness: "Current",
    })),
  }));
  const list = { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
  return json(list, aggregatedType);
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

function json(value: object, type: string = "application/json"): Response {
  return new Response(`${JSON.stringify(value)}\n`, { headers: { "content-type": type, vary: "Accept" } });
}
