/** UPDATE (PUT) of an object or of its status; for some kinds also the create of one that is not there. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { restrictUpdate } from "../auth/node-restriction.ts";
import type { Planned } from "../registry/registry.ts";
import { planner } from "../registry/planner.ts";
import { commit, type Committed } from "../registry/writer.ts";
import type { RequestContext } from "../resources/resource.ts";
import { requireAllowed } from "./authorizer.ts";
import { decodeBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { createDecoded } from "./create.ts";
import { restrictGrantOf } from "./granting.ts";
import { checkName, placeInNamespace } from "./names.ts";
import { writeOptionsOf } from "./options.ts";
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
}

/** Reads, makes the next state from what was read, plans and commits; again if a neighbour was faster. */
export async function commitUpdate(
  call: Call,
  nextOf: (current: Stored<KubernetesObject>) => KubernetesObject,
  { isDryRun, hasPrecondition, subresource }: UpdateShape,
): Promise<Committed> {
  const plan = async () => {
    const current = await readCurrent(call);
    return (await plannedUpdate(call, { current, next: nextOf(current), subresource })) ?? { current };
  };
  return await commit(call.store, plan, { isDryRun, hasPrecondition });
}

interface Change {
  current: Stored<KubernetesObject>;
  next: KubernetesObject;
  subresource: string;
}

/** Everything between the next state of an object and the operation that stores it. For an apply, too. */
export async function plannedUpdate(
  call: Call,
  { current, next, subresource }: Change,
  fields: Partial<RequestContext> = {},
): Promise<Planned | undefined> {
  const { resource, user } = call;
  restrictUpdate(user, resource, current, next);
  const context = { ...call.context, ...fields };
  const planned = planner.update({ resource, current, next, context, ...(subresource === "" ? {} : { subresource }) });
  if (planned !== undefined) await restrictGrantOf(call, planned.object, current);
  return planned;
}
