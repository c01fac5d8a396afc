/** DELETE of one object or of a collection. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError, success } from "../../protocol/status.ts";
import { admitDelete } from "../admission/admit.ts";
import type { DeleteOptions } from "../registry/registry.ts";
import { objectOf } from "../registry/text.ts";
import { commit, type Committed } from "../registry/writer.ts";
import { resourceKey } from "../resources/resource.ts";
import type { StoredObject } from "../storage/store.ts";
import { admissionPorts } from "./admission.ts";
import type { Call } from "./context.ts";
import { deleteOptionsOf } from "./delete-options.ts";
import { answer } from "./formats/answer.ts";
import { listWriterOf } from "./list/list-writer.ts";
import { numberOf } from "./options.ts";
import { readCurrent } from "./read.ts";
import { checkListVersions } from "./resource-version.ts";
import { committedResponse, objectResponse, withWarnings } from "./respond.ts";
import { selectionOf } from "./selection.ts";

/** Kinds whose delete answers with the object even when it went at once. */
const answersObject = new Set(["pods", "services", "serviceaccounts", "nodes"]);
const pageItems = 200;
const sideBySide = 16;

export async function remove(call: Call): Promise<Response> {
  const { options, isDryRun } = await deleteOptionsOf(call);
  const committed = await commitDelete(call, options, { isDryRun });
  const { group, plural } = call.resource;
  const warnings = warningsOf(call, options);
  if (committed.verb !== "delete" || answersObject.has(plural)) return committedResponse(call, committed, 200, warnings);
  const { name, uid } = committed.object.metadata;
  return withWarnings(objectResponse(call, success({ group, kind: plural, name }, uid)), warnings);
}

/** Nobody expects of Jobs what stayed as it was for old clients. */
function warningsOf({ resource }: Call, { propagationPolicy }: DeleteOptions): string[] {
  if (propagationPolicy !== undefined || resourceKey(resource) !== "jobs.batch") return [];
  return [
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
  ];
}

interface DeleteCommit {
  isDryRun: boolean;
  /** What its last state says beside its end. */
  marked?: (current: Stored<KubernetesObject>) => Stored<KubernetesObject>;
}

export async function commitDelete(call: Call, options: DeleteOptions, { isDryRun, marked = (current) => current }: DeleteCommit): Promise<Committed> {
  const { resource, store, context } = call;
  const plan = async () => {
    const current = marked(await readCurrent(call));
    return (await admitDelete({ resource, current, options, context }, admissionPorts(call, isDryRun))) ?? { current };
  };
  return await commit(store, plan, { isDryRun, hasPrecondition: options.preconditions?.resourceVersion !== undefined });
}

/** Deletes what was there when it began (`limit`: the first so many), page by page; answers with the list of it. */
export async function removeCollection(call: Call): Promise<Response> {
  checkListVersions(call.query);
  const { options, isDryRun } = await deleteOptionsOf(call);
  const { store } = call;
  const limit = numberOf(call.query, "limit") || Infinity;
  const deleted: StoredObject[] = [];
  const selection = selectionOf(call);
  let page = await store.list({ ...selection, limit: Math.min(limit, pageItems) });
  const revision = page.revision;
  for (;;) {
    if ("expired" in page) throw StatusError.tooOldResourceVersion(revision, page.revision);
    await removeAll(call, page.items, options, isDryRun);
    deleted.push(...page.items);
    const left = limit - deleted.length;
    if (page.next === undefined || left <= 0) break;
    page = await store.list({ ...selection, limit: Math.min(left, pageItems), after: page.next, atRevision: revision });
  }
  const writer = listWriterOf(call);
  const content = writer.whole({ resourceVersion: String(revision) }, deleted.map(writer.item));
  return withWarnings(answer(call.request, content, { encoding: call.accepted.encoding }), warningsOf(call, options));
}

async function removeAll(call: Call, items: StoredObject[], options: DeleteOptions, isDryRun: boolean): Promise<void> {
  for (let at = 0; at < items.length; at += sideBySide) {
    await Promise.all(items.slice(at, at + sideBySide).map((item) => removeOne(call, item, options, isDryRun)));
  }
}

/** What is gone already, or is another object by now, is not ours to delete. */
async function removeOne(call: Call, item: StoredObject, options: DeleteOptions, isDryRun: boolean): Promise<void> {
  const { name, namespace = "", uid } = objectOf(call.resource, item).metadata;
  const one: Call = { ...call, info: { ...call.info, namespace, name } };
  try {
    await commitDelete(one, { ...options, preconditions: { uid } }, { isDryRun });
  } catch (error) {
    const isGone = error instanceof StatusError && (error.code === 404 || error.code === 409);
    if (!isGone) throw error;
  }
}
