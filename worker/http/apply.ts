/** Server-side apply: PATCH with a configuration, which creates what is not there. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { applyType } from "../patch/patch.ts";
import { applyConfig, checkedConfig } from "../registry/apply-config.ts";
import type { Planned } from "../registry/registry.ts";
import { objectOf } from "../registry/text.ts";
import { commit, type Committed } from "../registry/writer.ts";
import { objectKey, type Resource } from "../resources/resource.ts";
import { requireAllowed } from "./authorizer.ts";
import { decodeValue, readBody, type FieldValidation } from "./body.ts";
import { parseConfig } from "./config-body.ts";
import type { Call } from "./context.ts";
import { plannedCreate } from "./create.ts";
import { checkName, placeInNamespace } from "./names.ts";
import { isTrue, writeOptionsOf, type WriteOptions } from "./options.ts";
import { committedResponse } from "./respond.ts";
import { plannedUpdate } from "./update.ts";

type JsonObject = Record<string, unknown>;

export function isApply(request: Request): boolean {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() === applyType;
}

export async function apply(call: Call): Promise<Response> {
  const options = applyOptionsOf(call.query);
  const { config, warnings } = await readConfig(call.request, call.served, options.fieldValidation);
  const { committed, isCreated } = await commitApply(call, config, { ...options, subresource: call.info.subresource });
  return committedResponse(call, committed, isCreated ? 201 : 200, warnings);
}

export interface ApplyOptions extends WriteOptions {
  isForced: boolean;
  fieldManager: string;
}

export function applyOptionsOf(query: URLSearchParams): ApplyOptions {
  const fieldManager = query.get("fieldManager") ?? "";
  const required = { reason: "FieldValueRequired", message: "Required value: is required for apply patch", field: "fieldManager" };
  const options = writeOptionsOf(query, "PatchOptions", fieldManager === "" ? [required] : []);
  return { ...options, fieldManager, isForced: isTrue(query, "force") };
}

type Kind = Pick<Resource, "group" | "version" | "kind" | "schema" | "custom">;

/** The body as a configuration of the kind, checked field by field. */
export async function readConfig(request: Request, kind: Kind, validation: FieldValidation): Promise<{ config: JsonObject; warnings: string[] }> {
  const { value, problems } = parseConfig((await readBody(request)).text, validation);
  const config = checkedConfig(kind, value);
  // As upstream: what is wrong with the text itself counts less than what it says.
  if (validation === "Strict" && problems.length > 0) throw StatusError.badRequest(`error strict decoding YAML: ${problems.join(", ")}`);
  return { config, warnings: validation === "Warn" ? problems : [] };
}

interface Upsert extends ApplyOptions {
  subresource: string;
}

/** Applies to what is stored, again if a neighbour was faster. */
export async function commitApply(call: Call, config: JsonObject, options: Upsert): Promise<{ committed: Committed; isCreated: boolean }> {
  const { resource, store, info } = call;
  let isCreated = false;
  const plan = async (): Promise<Planned | { current: Stored<KubernetesObject> }> => {
    const stored = await store.get(objectKey(resource, info.namespace, info.name));
    isCreated = stored === undefined;
    if (stored === undefined) return await planCreate(call, config, options);
    const current = objectOf(resource, stored);
    return (await planUpdate(call, current, config, options)) ?? { current };
  };
  const hasPrecondition = Boolean(metadataOf(config)["resourceVersion"] ?? metadataOf(config)["uid"]);
  const committed = await commit(store, plan, { isDryRun: options.isDryRun, hasPrecondition, isUpsert: true });
  return { committed, isCreated };
}

async function planCreate(call: Call, config: JsonObject, options: Upsert): Promise<Planned> {
  const { resource, info } = call;
  const about = { group: resource.group, kind: resource.plural, name: info.name };
  if (options.subresource !== "") throw StatusError.notFound(about);
  const { uid, resourceVersion } = metadataOf(config);
  if (uid) throw StatusError.conflict(about, `uid mismatch: the provided object specified uid ${String(uid)}, and no existing object was found`);
  if (resourceVersion && resourceVersion !== "0") throw StatusError.conflict(about);
  await requireAllowed(call, { ...info, verb: "create" });
  const { object, managedFields } = applyConfig(requestOf(call, config, options), undefined);
  const planned = await plannedCreate(call, decodeApplied(call, object), { isDryRun: options.isDryRun, fields: { managedFields } });
  return await planned();
}

async function planUpdate(call: Call, current: Stored<KubernetesObject>, config: JsonObject, options: Upsert): Promise<Planned | undefined> {
  const applied = () => applyConfig(requestOf(call, config, options), current);
  const { object, managedFields } = await (call.versioned?.settled(applied) ?? applied());
  return await plannedUpdate(call, { current, next: decodeApplied(call, object), subresource: options.subresource }, { isDryRun: options.isDryRun, fields: { managedFields } });
}

function requestOf({ served, context }: Call, config: JsonObject, { subresource, isForced, fieldManager }: Upsert) {
  return { resource: served, subresource, config, isForced, context: { ...context, fieldManager } };
}

/** Unknown fields were refused before. */
function decodeApplied(call: Call, value: JsonObject): KubernetesObject {
  const { object } = decodeValue(call.served, value, "Ignore");
  checkName(call, object);
  placeInNamespace(call, object);
  return object;
}

function metadataOf({ metadata }: JsonObject): JsonObject {
  return isRecord(metadata) ? metadata : {};
}
