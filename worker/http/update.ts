/** UPDATE (PUT) of an object or of its status; for some kinds also the create of one that is not there. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { admitUpdate, type Update } from "../admission/admit.ts";
import { warningsOfExistingPods } from "../admission/existing-pods.ts";
import { restrictUpdate } from "../auth/node-restriction.ts";
import type { Attributes } from "../registry/admission/plugin.ts";
import type { Planned } from "../registry/registry.ts";
import { withLookups } from "../registry/lookups.ts";
import { commit, type Committed } from "../registry/writer.ts";
import { resourceKey } from "../resources/resource.ts";
import { objectMemory } from "../settings/object-memory.ts";
import { admissionPorts } from "./admission.ts";
import { requireAllowed } from "./authorizer.ts";
import { decodeBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { restrictCertificate } from "./certificate-permissions.ts";
import { createDecoded, type PlanOptions } from "./create.ts";
import { restrictGrantOf } from "./granting.ts";
import { checkName, placeInNamespace } from "./names.ts";
import { writeOptionsOf } from "./options.ts";
import { restrictParams } from "./param-permissions.ts";
import { readCurrent } from "./read.ts";
import { committedResponse } from "./respond.ts";

export async function update(call: Call): Promise<Response> {
  const { served, query, info } = call;
  const { fieldValidation, isDryRun } = writeOptionsOf(query, "UpdateOptions");
  const body = await readBody(call.request);
  const decoded = () => {
    const { object, warnings } = decodeBody(served, body, fieldValidation);
    checkName(call, object);
    placeInNamespace(call, object);
    return { object, warnings };
  };
  // A body that is wrong is refused before anything is read.
  const { object, warnings } = decoded();
  const version = object.metadata?.resourceVersion ?? "";
  const hasPrecondition = version !== "" && version !== "0";
  const next = () => {
    if (served.needsResourceVersion === true && !hasPrecondition) throw missingVersion(call);
    return decoded().object;
  };
  try {
    const committed = await commitUpdate(call, next, { isDryRun, hasPrecondition, subresource: info.subresource });
    return committedResponse(call, committed, 200, warnings);
  } catch (error) {
    const mayCreate = served.isCreatedByUpdate === true && info.subresource === "" && !hasPrecondition;
    if (!mayCreate || !(error instanceof StatusError) || error.code !== 404) throw error;
    await requireAllowed(call, { ...info, verb: "create" });
    return await createDecoded(call, decoded(), isDryRun);
  }
}

function missingVersion({ resource, info }: Call): StatusError {
  const message = "Invalid value: 0: must be specified for an update";
  const about = { group: resource.group, kind: resource.plural, name: info.name };
  return StatusError.invalid(about, [{ reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" }]);
}

export interface UpdateShape {
  isDryRun: boolean;
  hasPrecondition: boolean;
  /** `""`: the object itself. */
  subresource: string;
  /** How reviewers see it, if not as it is. */
  reviewed?: Pick<Update, "as" | "shown">;
}

/** Reads, makes the next state from what was read, plans and commits; again if a neighbour was faster. */
export async function commitUpdate(
  call: Call,
  nextOf: (current: Stored<KubernetesObject>) => KubernetesObject,
  { isDryRun, hasPrecondition, subresource, reviewed = {} }: UpdateShape,
): Promise<Committed> {
  const plan = async () => {
    const current = await readCurrent(call);
    return (await plannedUpdate(call, { current, next: nextOf(current), subresource, reviewed }, { isDryRun })) ?? { current };
  };
  return await commit(call.store, plan, { isDryRun, hasPrecondition });
}

interface Change {
  current: Stored<KubernetesObject>;
  next: KubernetesObject;
  subresource: string;
  reviewed?: Pick<Update, "as" | "shown">;
}

/** Everything between the next state of an object and the operation that stores it. For an apply, too. */
export async function plannedUpdate(
  call: Call,
  { current, next, subresource, reviewed = {} }: Change,
  { isDryRun, fields = {} }: PlanOptions,
): Promise<Planned | undefined> {
  const { resource, store, user } = call;
  restrictUpdate(user, resource, current, next);
  const ports = admissionPorts(call, isDryRun);
  const asked: Omit<Attributes, "context"> = { operation: "UPDATE", resource, subresource, object: next, old: current };
  const context = { ...(await withLookups([asked], call.context, { store, verified: ports.verified, memory: objectMemory })), ...fields };
  await restrictCertificate(call, next, current);
  const planned = await admitUpdate({ resource, current, next, context, ...(subresource === "" ? {} : { subresource }), ...reviewed }, ports);
  if (planned === undefined) return undefined;
  await restrictGrantOf(call, planned.object, current);
  await restrictParams(call, planned.object, current);
  if (resourceKey(resource) !== "namespaces") return planned;
  return { ...planned, warnings: [...planned.warnings, ...(await warningsOfExistingPods(current, planned.object, store))] };
}
