/** Every kind that is served: the table's, and those that CustomResourceDefinitions make. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { derived, type Settings } from "../../settings/settings.ts";
import { compareVersions } from "../groups.ts";
import * as table from "../registry.ts";
import { resourceKey, type CustomVersions, type Resource } from "../resource.ts";
import { customResource } from "./custom-resource.ts";
import { definitionsKey, isConditionTrue, type CustomResourceDefinition, type Version } from "./json-schema.ts";

interface CustomKinds {
  /** With the table's, in the order in which discovery lists them. */
  served: readonly Resource[];
  byPath: ReadonlyMap<string, Resource>;
  byKind: ReadonlyMap<string, Resource>;
  /** One of each definition, the version that is stored. */
  byKey: ReadonlyMap<string, Resource>;
}

const none: CustomKinds = { served: table.resources, byPath: new Map(), byKind: new Map(), byKey: new Map() };

/** Once for each state of the definitions. */
const customKinds = derived([definitionsKey], (settings): CustomKinds => {
  const definitions = settings.list<CustomResourceDefinition>(definitionsKey).filter((one) => isConditionTrue(one, "Established"));
  if (definitions.length === 0) return none;
  const byKey = new Map<string, Resource>();
  const all = definitions.flatMap((definition) => kindsOf(definition, byKey)).toSorted(byGroupAndVersion);
  return {
    served: [...table.resources, ...all],
    byPath: new Map(all.map((resource) => [pathOf(resource), resource])),
    byKind: new Map(all.map((resource) => [kindOf(resource), resource])),
    byKey,
  };
});

function kindsOf(definition: CustomResourceDefinition, byKey: Map<string, Resource>): Resource[] {
  const byApiVersion = new Map<string, Resource>();
  return (definition.spec?.versions ?? []).flatMap((version) => {
    const resource = customResource(definition, version, versionsOf(definition, version, byApiVersion));
    byApiVersion.set(table.apiVersionOf(resource), resource);
    if (version.storage) byKey.set(resourceKey(resource), resource);
    // A built-in kind of the same path hides it.
    return version.served && table.resourceFor(resource.group, resource.version, resource.plural) === undefined ? [resource] : [];
  });
}

function versionsOf({ spec, status, metadata }: CustomResourceDefinition, { name }: Version, byApiVersion: Map<string, Resource>): CustomVersions | undefined {
  const { group = "", versions = [], conversion } = spec ?? {};
  if (versions.length === 1 && metadata?.generation === 1) return undefined;
  const storage = versions.find((version) => version.storage)?.name ?? name;
  const isByWebhook = conversion?.strategy === "Webhook" && versions.length > 1;
  const webhook = { clientConfig: conversion?.webhook?.clientConfig ?? {}, reviewVersions: conversion?.webhook?.conversionReviewVersions ?? [] };
  return {
    byApiVersion,
    storage: `${group}/${storage}`,
    isChanged: metadata?.generation !== 1,
    unmarked: `${group}/${status?.storedVersions?.[0] ?? storage}`,
    // What is written is in the words of the version that it is written through, and is converted on its way to the store.
    ...(versions.length === 1 ? {} : { mark: `${group}/${isByWebhook ? name : storage}` }),
    ...(isByWebhook ? { webhook } : {}),
  };
}

const pathOf = ({ group, version, plural }: Resource): string => `${group}/${version}/${plural}`;
const kindOf = (resource: Resource): string => `${table.apiVersionOf(resource)}/${resource.kind}`;

function byGroupAndVersion(left: Resource, right: Resource): number {
  if (left.group !== right.group) return left.group < right.group ? -1 : 1;
  return left.version === right.version ? (left.plural < right.plural ? -1 : 1) : compareVersions(left.version, right.version);
}

/** All that are served; the same array until a definition changes. */
export function servedResources(settings: Settings): readonly Resource[] {
  return customKinds(settings).served;
}

export function resourceFor(settings: Settings, group: string, version: string, plural: string): Resource | undefined {
  return table.resourceFor(group, version, plural) ?? customKinds(settings).byPath.get(`${group}/${version}/${plural}`);
}

/** By the first part of an object key; of a custom resource the version that is stored. */
export function resourceByKey(settings: Settings, key: string): Resource | undefined {
  return table.resourceByKey(key) ?? customKinds(settings).byKey.get(key);
}

export function resourceByKind(settings: Settings, apiVersion: string, kind: string): Resource | undefined {
  return table.resourceByKind(apiVersion, kind) ?? customKinds(settings).byKind.get(`${apiVersion}/${kind}`);
}

/** The resource of an object that says its own kind. */
export function resourceOf(settings: Settings, object: KubernetesObject): Resource | undefined {
  return resourceByKind(settings, object.apiVersion ?? "", object.kind ?? "");
}

/** The same of an object as it was stored, maybe in a version that nobody is served. */
export function resourceOfStored(settings: Settings, object: KubernetesObject): Resource | undefined {
  const served = resourceOf(settings, object);
  if (served !== undefined) return served;
  const { apiVersion = "", kind = "" } = object;
  const inVersion = (one: Resource) => (table.apiVersionOf(one) === apiVersion ? one : one.custom?.versions?.byApiVersion.get(apiVersion));
  return [...customKinds(settings).byKey.values()].map((one) => (one.kind === kind ? inVersion(one) : undefined)).find((one) => one !== undefined);
}

/** Each kind that is stored, once. */
export function storedResources(settings: Settings): Resource[] {
  return [...table.storedResources, ...customKinds(settings).byKey.values()];
}
