/** Server-side apply of a configuration, from what is stored to what is to be planned; refusals in upstream's words. */
import type { ManagedFieldsEntry } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { apply, type Applied, type Apply } from "../fields/apply.ts";
import { checkConfig, errorsText } from "../fields/check.ts";
import { conflictCauses, conflictMessage } from "../fields/conflicts.ts";
import { emptySet } from "../fields/field-set.ts";
import { takeableByKubectl, withLastApplied } from "../fields/last-applied.ts";
import type { ManagerEntry } from "../fields/managers.ts";
import type { Shape } from "../fields/shape.ts";
import { track } from "../fields/track.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import { typeSchema } from "../resources/schema.ts";
import { componentEntries } from "./component-fields.ts";
import { entriesOf, shapeOfResource, writerOf } from "./managed-fields.ts";
import { apiVersionOf, servedAs } from "./text.ts";

type JsonObject = Record<string, unknown>;

/** The configuration with its values as the server writes them. `kind` is that of the path's (sub)resource. */
export function checkedConfig(resource: Pick<Resource, "group" | "version" | "kind" | "schema" | "custom">, config: JsonObject): JsonObject {
  const { group, version, kind, schema, custom } = resource;
  const given = groupVersionKind(config);
  if (given !== `${group}/${version}, Kind=${kind}`) throw StatusError.badRequest(`invalid object type: ${given}`);
  const { managedFields, namespace = "", name = "" } = (config["metadata"] ?? {}) as JsonObject;
  if (Array.isArray(managedFields)) throw StatusError.badRequest("metadata.managedFields must be nil");
  const { value, errors } = checkConfig({ r: schema }, config, custom?.types ?? typeSchema);
  if (errors.length > 0) {
    const about = `${String(namespace)}/${String(name)}; ${given.replace(/^\//, "")}`;
    throw StatusError.badRequest(`failed to create typed patch object (${about}): ${errorsText(errors)}`);
  }
  // An object is checked into an object.
  return value as JsonObject;
}

/** `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`, and `/, Kind=` of what does not say. */
function groupVersionKind({ apiVersion, kind }: JsonObject): string {
  const version = typeof apiVersion === "string" ? apiVersion : "";
  return `${version.includes("/") ? version : `/${version}`}, Kind=${typeof kind === "string" ? kind : ""}`;
}

export interface ApplyRequest {
  /** The kind as it is served: in its words the configuration speaks. */
  resource: Resource;
  subresource?: string;
  /** Checked. */
  config: JsonObject;
  isForced: boolean;
  context: RequestContext & { fieldManager: string };
}

export interface AppliedConfig {
  /** To be decoded and planned. */
  object: JsonObject;
  managedFields: ManagedFieldsEntry[];
}

/** `current` is absent where the object is to be created. Throws the conflicts. */
export function applyConfig(request: ApplyRequest, current: Stored<KubernetesObject> | undefined): AppliedConfig {
  const { resource, subresource = "", config, context } = request;
  const shape = shapeOfResource(resource);
  const live: JsonObject = current === undefined ? {} : servedAs(resource, current);
  const applier = { ...writerOf({ resource, subresource, context }), operation: "Apply" as const };
  const entries = current === undefined ? [] : entriesBefore(request, shape, current);
  const applied = applyAs(shape, { live, config, entries, applier, mayTake: request.isForced ? "all" : emptySet, inVersion: context.inVersion });
  if (!applied.ok) throw conflict(applied.conflicts);
  const isKubectl = context.fieldManager === "kubectl";
  const object = isKubectl ? withLastApplied(applied.object, config) : applied.object;
  // Only `Record<string, unknown>` is what both say of a set.
  return { object, managedFields: applied.entries as ManagedFieldsEntry[] };
}

/** kubectl takes over without force what it owned as a client. */
function applyAs(shape: Shape, request: Apply): Applied {
  const applied = apply(shape, request);
  if (applied.ok || request.applier.manager !== "kubectl") return applied;
  return apply(shape, { ...request, mayTake: takeableByKubectl(shape, request.live) });
}

/** Of an object that nobody tracked, everything was there `before-first-apply`. */
function entriesBefore({ resource, subresource = "", context }: ApplyRequest, shape: Shape, current: Stored<KubernetesObject>): readonly ManagerEntry[] {
  const stored = entriesOf(current);
  if (stored.length > 0) return stored;
  const made = componentEntries(resource, current);
  if (made.length > 0) return made;
  const writer = { ...writerOf({ resource, subresource, context }), manager: "before-first-apply", apiVersion: apiVersionOf(resource) };
  return track(shape, [], { before: {}, after: servedAs(resource, current) }, writer);
}

function conflict(conflicts: Parameters<typeof conflictMessage>[0]): StatusError {
  const details = { causes: conflictCauses(conflicts) };
  return new StatusError({ code: 409, reason: "Conflict", message: conflictMessage(conflicts), details });
}
