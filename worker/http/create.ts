/** CREATE. */
import { StatusError } from "../../protocol/status.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { admitCreate } from "../admission/admit.ts";
import type { Planned } from "../registry/registry.ts";
import { withLookups } from "../registry/lookups.ts";
import { commit } from "../registry/writer.ts";
import { restrictCreate } from "../auth/node-restriction.ts";
import type { RequestContext } from "../resources/resource.ts";
import { objectMemory } from "../settings/object-memory.ts";
import { admissionPorts } from "./admission.ts";
import { decodeBody, readBody, type Decoded } from "./body.ts";
import type { Call } from "./context.ts";
import { restrictCertificate } from "./certificate-permissions.ts";
import { restrictGrantOf } from "./granting.ts";
import { placeInNamespace } from "./names.ts";
import { writeOptionsOf } from "./options.ts";
import { restrictParams } from "./param-permissions.ts";
import { committedResponse } from "./respond.ts";

export async function create(call: Call): Promise<Response> {
  if (call.info.name !== "") throw StatusError.methodUnknown();
  const { fieldValidation, isDryRun } = writeOptionsOf(call.query, "CreateOptions");
  const decoded = decodeBody(call.served, await readBody(call.request), fieldValidation);
  placeInNamespace(call, decoded.object);
  return await createDecoded(call, decoded, isDryRun);
}

export async function createDecoded(call: Call, { object, warnings }: Decoded, isDryRun: boolean): Promise<Response> {
  const committed = await commit(call.store, await plannedCreate(call, object, { isDryRun }), { isDryRun });
  return committedResponse(call, committed, 201, warnings);
}

export interface PlanOptions {
  isDryRun: boolean;
  /** More of the context: who manages which fields. */
  fields?: Partial<RequestContext>;
}

/** Everything between a decoded object and the operation that creates it; each call looks up and plans anew. For an apply, too. */
export async function plannedCreate(call: Call, object: KubernetesObject, { isDryRun, fields = {} }: PlanOptions): Promise<() => Promise<Planned>> {
  const { resource, store, user } = call;
  restrictCreate(user, resource, object);
  const ports = admissionPorts(call, isDryRun);
  await restrictCertificate(call, object);
  const next = attemptsOf(resource.plural, object);
  return async () => {
    const attempt = next();
    const looked = await withLookups([{ operation: "CREATE", resource, subresource: "", object: attempt }], call.context, { store, verified: ports.verified, memory: objectMemory });
    const planned = await admitCreate({ resource, object: attempt, context: { ...looked, ...fields } }, ports);
    // After admission, which may have added to what is granted.
    await restrictGrantOf(call, planned.object);
    await restrictParams(call, planned.object);
    return planned;
  };
}

/** Planning changes the object; a plan that may be made anew needs it as it came. */
function attemptsOf(plural: string, object: KubernetesObject): () => KubernetesObject {
  const mayRepeat = Boolean(object.metadata?.generateName) || plural === "services" || plural === "pods";
  const untouched = mayRepeat ? JSON.stringify(object) : undefined;
  let isFirst = true;
  return () => {
    const attempt = isFirst || untouched === undefined ? object : (JSON.parse(untouched) as KubernetesObject); // written above
    isFirst = false;
    return attempt;
  };
}
