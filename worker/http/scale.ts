/** The `scale` subresource: one shape for everything that has replicas (autoscaling/v1 Scale). */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { LabelSelector, Scale } from "../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../protocol/status.ts";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { labelsText, selectorText } from "../resources/columns.ts";
import { apiVersionOf } from "../registry/text.ts";
import { applyOptionsOf, commitApply, isApply, readConfig } from "./apply.ts";
import type { Resource, Scaled } from "../resources/resource.ts";
import { parseBody, readBody } from "./body.ts";
import type { Call, Handler } from "./context.ts";
import { checkName } from "./names.ts";
import { writeOptionsOf } from "./options.ts";
import { patched, patchOptionsOf, readPatch } from "./patch.ts";
import { readCurrent } from "./read.ts";
import { objectResponse, withWarnings } from "./respond.ts";
import { commitUpdate, type UpdateShape } from "./update.ts";

const schema = "io.k8s.api.autoscaling.v1.Scale";
const scaleKind = { group: "autoscaling", version: "v1", kind: "Scale" };

export const scaleHandlers: Record<string, Handler> = { get: getScale, update: updateScale, patch: patchScale };

async function getScale(call: Call): Promise<Response> {
  return objectResponse(call, scaleOf(call.resource, await readCurrent(call)));
}

async function updateScale(call: Call): Promise<Response> {
  const { isDryRun } = writeOptionsOf(call.query, "UpdateOptions");
  const value = parseBody(await readBody(call.request), "Scale");
  checkName(call, isRecord(value) && isRecord(value["metadata"]) ? { metadata: value["metadata"] } : {});
  const asked = wishOf(value);
  return await write(call, () => asked, { isDryRun, hasPrecondition: asked.resourceVersion !== undefined });
}

async function patchScale(call: Call): Promise<Response> {
  if (isApply(call.request)) return await applyScale(call);
  const { isDryRun } = patchOptionsOf(call.query);
  const body = await readPatch(call.request);
  const wish = (current: Stored<KubernetesObject>) => wishOf(patched(body, schema, { ...scaleOf(call.resource, current) }));
  return await write(call, wish, { isDryRun, hasPrecondition: false });
}

/** What is applied to a Scale is applied to the replicas of the object that it stands for. */
async function applyScale(call: Call): Promise<Response> {
  const options = applyOptionsOf(call.query);
  const { config: scale, warnings } = await readConfig(call.request, { ...scaleKind, schema }, options.fieldValidation);
  const { served } = call;
  const { spec, metadata } = scale;
  // The body was checked against the type of a Scale.
  const config: KubernetesObject = { apiVersion: apiVersionOf(served), kind: served.kind, metadata: isRecord(metadata) ? meant(metadata) : {} };
  if (isRecord(spec) && typeof spec["replicas"] === "number") scaledOf(served).setReplicas(config, spec["replicas"]);
  const { committed } = await commitApply(call, config, { ...options, subresource: "scale" });
  return withWarnings(objectResponse(call, scaleOf(call.resource, committed.object)), warnings);
}

/** Which object it is; whatever else a Scale says of metadata is no part of a scale. */
function meant({ name, namespace, uid, resourceVersion }: Record<string, unknown>): NonNullable<KubernetesObject["metadata"]> {
  // The body was checked against the type of a Scale.
  return Object.fromEntries(Object.entries({ name, namespace, uid, resourceVersion }).filter(([, value]) => value !== undefined));
}

interface Wish {
  replicas: number;
  resourceVersion?: string;
}

async function write(
  call: Call,
  wish: (current: Stored<KubernetesObject>) => Wish,
  options: { isDryRun: boolean; hasPrecondition: boolean },
): Promise<Response> {
  const next = (current: Stored<KubernetesObject>): KubernetesObject => {
    const { replicas, resourceVersion } = wish(current);
    const metadata = { ...current.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    const next = { ...current, metadata };
    scaledOf(call.resource).setReplicas(next, replicas);
    return next;
  };
  const { object } = await commitUpdate(call, next, { ...options, subresource: "scale", reviewed: reviewedOf(call.resource) });
  return objectResponse(call, scaleOf(call.resource, object));
}

/** Admission's reviewers see the Scale; what they would change of it is not taken over. */
function reviewedOf(resource: Resource): NonNullable<UpdateShape["reviewed"]> {
  // What is reviewed is the stored object with other replicas.
  return { as: scaleKind, shown: (object) => ({ ...scaleOf(resource, object as Stored<KubernetesObject>) }) };
}

/** What is asked of the main object. */
function wishOf(value: unknown): Wish {
  const spec = isRecord(value) && isRecord(value["spec"]) ? value["spec"] : {};
  const metadata = isRecord(value) && isRecord(value["metadata"]) ? value["metadata"] : {};
  const replicas = spec["replicas"] ?? 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas)) {
    throw StatusError.badRequest("Scale in version \"v1\" cannot be handled as a Scale: spec.replicas is not a whole number");
  }
  const version = metadata["resourceVersion"];
  return { replicas, ...(typeof version === "string" && version !== "" ? { resourceVersion: version } : {}) };
}

/** Where every kind of the table has them. */
const common: Scaled = {
  path: "spec.replicas",
  replicasOf: ({ spec }) => (isRecord(spec) ? numberOf(spec["replicas"]) : 0),
  statusReplicasOf: ({ status }) => (isRecord(status) ? numberOf(status["replicas"]) : 0),
  selectorOf: ({ spec }) => scaleSelector(isRecord(spec) ? spec["selector"] : undefined),
  setReplicas(object, replicas) {
    object["spec"] = { ...(isRecord(object["spec"]) ? object["spec"] : {}), replicas };
  },
};

const scaledOf = ({ scale }: Resource): Scaled => scale ?? common;

function scaleOf(resource: Resource, object: Stored<KubernetesObject>): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { path, replicasOf, statusReplicasOf, selectorOf } = scaledOf(resource);
  const replicas = replicasOf(object);
  if (replicas === undefined) throw StatusError.internal(`the spec replicas field ".${path}" does not exist`);
  const selector = selectorOf(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas },
    status: { replicas: statusReplicasOf(object), ...(selector === "" ? {} : { selector }) },
  };
}

/** Every kind that has a scale has a label selector there; a ReplicationController's is plain labels. */
function scaleSelector(selector: unknown): string {
  const isPlain = isRecord(selector) && Object.values(selector).every((value) => typeof value === "string");
  return isPlain ? labelsText(selector as Record<string, string>) : selectorText(selector as LabelSelector | undefined);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
