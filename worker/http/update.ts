/** UPDATE (PUT) of an object or of its status. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { restrictUpdate } from "../auth/node-restriction.ts";
import { planner } from "../registry/planner.ts";
import { commit, type Committed } from "../registry/writer.ts";
import { decodeBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { checkName, placeInNamespace } from "./names.ts";
import { writeOptionsOf } from "./options.ts";
import { readCurrent } from "./read.ts";
import { committedResponse } from "./respond.ts";

export async function update(call: Call): Promise<Response> {
  const { resource, query, info } = call;
  const { fieldValidation, isDryRun } = writeOptionsOf(query, "UpdateOptions");
  const body = await readBody(call.request);
  let warnings: string[] = [];
  let hasPrecondition = false;
  const next = () => {
    const decoded = decodeBody(resource, body, fieldValidation);
    warnings = decoded.warnings;
    checkName(call, decoded.object);
    placeInNamespace(call, decoded.object);
    hasPrecondition = Boolean(decoded.object.metadata?.resourceVersion);
    return decoded.object;
  };
  next(); // A body that is wrong is refused before anything is read.
  const committed = await commitUpdate(call, next, { isDryRun, hasPrecondition, subresource: info.subresource });
  return committedResponse(call, committed, 200, warnings);
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
  const { resource, store, context, user } = call;
  const plan = async () => {
    const current = await readCurrent(call);
    const next = nextOf(current);
    restrictUpdate(user, resource, current, next);
    const planned = planner.update({ resource, current, next, context, ...(subresource === "" ? {} : { subresource }) });
    return planned ?? { current };
  };
  return await commit(store, plan, { isDryRun, hasPrecondition });
}
