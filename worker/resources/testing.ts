/** For unit tests: objects as a client sends them, through the steps that planning takes. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { decode } from "./decode.ts";
import { resourceOf } from "./registry.ts";
import type { FieldError, RequestContext, Resource } from "./resource.ts";
import { statedRules } from "./stated-rules.ts";
import { noSettings } from "../settings/settings.ts";

export const context: RequestContext = {
  now: Date.parse("2026-01-01T00:00:00Z"),
  newUid: () => "uid-1",
  randomSuffix: (length) => "x".repeat(length),
  user: { name: "admin", groups: [] },
  config: { serviceCidr: "10.96.0.0/16", clusterCidr: "10.244.0.0/16", clusterDomain: "cluster.local" },
  settings: noSettings,
};

function known(object: KubernetesObject): Resource {
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error(`no such kind: ${object.kind ?? ""}`);
  return resource;
}

/** Decoded and defaulted; throws what the decoder says. */
export function accepted(object: KubernetesObject): KubernetesObject {
  const resource = known(object);
  const decoded = decode<KubernetesObject>(resource.schema, object);
  if (!decoded.ok) throw new Error(decoded.message);
  resource.applyDefaults?.(decoded.object);
  return decoded.object;
}

export function created(object: KubernetesObject): Stored<KubernetesObject> {
  const result = accepted(object);
  const metadata = { uid: "uid-1", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", name: "", ...result.metadata };
  const stored = { ...result, metadata };
  known(object).prepareForCreate?.(stored, context);
  return stored;
}

const sentence = ({ path, message }: FieldError): string => `${path}: ${message}`;

/** The errors of a create, as a client reads them. */
export function errorsOf(object: KubernetesObject): string[] {
  const resource = known(object);
  const result = created(object);
  return [...statedRules.validate(resource, result), ...resource.validate(result)].map(sentence);
}

/** The errors that only an update has. */
export function updateErrorsOf(next: KubernetesObject, previous: KubernetesObject): string[] {
  const resource = known(next);
  const [result, before] = [accepted(next), created(previous)];
  resource.prepareForUpdate?.(result, before, context);
  return (resource.validateUpdate?.(result, before) ?? []).map(sentence);
}

/** The cells of an object's row by their column's name, five minutes after its creation. */
export function rowOf(object: KubernetesObject): Record<string, unknown> {
  const metadata = { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: "2025-12-31T23:55:00Z", ...object.metadata };
  return Object.fromEntries(known(object).columns.map((column) => [column.name, column.cell({ ...object, metadata }, context.now)]));
}
