/** Create: default → admit (mutate) → prepare → validate → admit (validate) → operation (upstream's `registry/rest/create.go`). */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { indexOf } from "../resources/object-index.ts";
import { definitionsKey } from "../resources/custom/json-schema.ts";
import { objectKey, type RequestContext, type Resource } from "../resources/resource.ts";
import type { Requirement } from "../storage/store.ts";
import { mutate, requirementsOf, validate } from "./admission/chain.ts";
import type { Attributes } from "./admission/plugin.ts";
import { claimsOf } from "./claims.ts";
import { rejectInvalid } from "./invalid.ts";
import { trackCreate } from "./managed-fields.ts";
import { validateMetadata } from "./metadata.ts";
import { hooksOf } from "./own/hooks-of.ts";
import type { Planned } from "./registry.ts";
import type { Schemas } from "./schemas.ts";
import { apiVersionOf, textOf } from "./text.ts";
import { timestamp } from "./time.ts";

const suffixLength = 5;
const generatedPrefixLimit = 63 - suffixLength;

/** `object` is changed into what will be stored. */
export function planCreate(schemas: Schemas, resource: Resource, object: KubernetesObject, context: RequestContext): Planned {
  beginCreate(schemas, resource, object, context);
  return finishCreate(schemas, resource, object, context);
}

/** As far as those who may change the object, too, get to see it: completed, defaulted, changed by the built-in plugins. */
export function beginCreate(schemas: Schemas, resource: Resource, object: KubernetesObject, context: RequestContext): void {
  fillMetadata(resource, object, context);
  applyDefaults(schemas, resource, object);
  mutate({ operation: "CREATE", resource, subresource: "", object, context });
}

export function applyDefaults(schemas: Schemas, resource: Resource, object: KubernetesObject): void {
  schemas.applyDefaults(resource, object);
  resource.applyDefaults?.(object);
}

export function finishCreate(schemas: Schemas, resource: Resource, object: KubernetesObject, context: RequestContext): Planned {
  resource.prepareForCreate?.(object, context);
  const picked = hooksOf(resource)?.create?.(object, context)?.picked ?? [];
  const own = [...resource.validate(object), ...(resource.validateCreate?.(object) ?? [])];
  trackCreate(resource, object, context);
  rejectInvalid(resource, object, [...validateMetadata(resource, object, own), ...schemas.validate(resource, object), ...own]);
  const attributes: Attributes = { operation: "CREATE", resource, subresource: "", object, context };
  const told = validate(attributes);
  return {
    operation: {
      verb: "create",
      key: objectKey(resource, object.metadata?.namespace ?? "", object.metadata?.name ?? ""),
      text: textOf(object, resource.custom?.versions?.mark),
      index: indexOf(resource, object, context.settings),
      requires: [...namespaceRequirement(resource, object), ...definitionRequirement(resource), ...requirementsOf(attributes)],
      claims: claimsOf(resource, object),
    },
    object,
    warnings: [...(resource.warnings?.(object) ?? []), ...told],
    picked,
  };
}

/** What only the server says: uid, time, generation, and a name where only its beginning was given. */
function fillMetadata(resource: Resource, object: KubernetesObject, context: RequestContext): void {
  if (resource.isNamespaced && !object.metadata?.namespace) {
    throw StatusError.badRequest("Namespace parameter required.");
  }
  if (object.metadata?.resourceVersion) {
    throw StatusError.badRequest("resourceVersion should not be set on objects to be created");
  }
  const { managedFields: _m, selfLink: _s, deletionTimestamp: _d, deletionGracePeriodSeconds: _g, ...given } = {
    ...object.metadata,
  };
  const name = given.name || nameFrom(given.generateName ?? "", context);
  object.apiVersion = apiVersionOf(resource);
  object.kind = resource.kind;
  object.metadata = { ...given, name, uid: context.newUid(), creationTimestamp: timestamp(context.now) };
  delete object.metadata.resourceVersion;
  delete object.metadata.generation;
  if (!resource.isNamespaced) delete object.metadata.namespace;
  if (resource.hasGeneration) object.metadata.generation = 1;
}

function nameFrom(prefix: string, context: RequestContext): string {
  return prefix === "" ? "" : prefix.slice(0, generatedPrefixLimit) + context.randomSuffix(suffixLength);
}

/** Nothing is created in a namespace that is absent or going away; the store checks it in the same commit. */
function namespaceRequirement(resource: Resource, object: KubernetesObject): Requirement[] {
  if (!resource.isNamespaced) return [];
  return [{ key: `namespaces//${object.metadata?.namespace ?? ""}`, is: "active" }];
}

/** Nor of a kind that is going away: its objects have been counted. */
function definitionRequirement({ custom }: Resource): Requirement[] {
  return custom === undefined ? [] : [{ key: `${definitionsKey}//${custom.definition}`, is: "active" }];
}
