/**
 * `pods/eviction`: a delete that asks the pod's disruption budget first. What the budget still allows goes down in the
 * same commit that ends the pod, so that two evictions never take one permission (upstream's registry/core/pod/rest).
 */
import type { Pod, PodDisruptionBudget } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { matchesSelector } from "../../protocol/selectors.ts";
import { StatusError, type Status } from "../../protocol/status.ts";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { admitDelete } from "../admission/admit.ts";
import { withCondition } from "../controllers/conditions.ts";
import { conditionsOf } from "../controllers/disruption/budget-status.ts";
import { isReady, isTerminal } from "../controllers/pod-state.ts";
import { planner } from "../registry/planner.ts";
import type { DeleteOptions, Planned } from "../registry/registry.ts";
import { objectOf } from "../registry/text.ts";
import { timestamp } from "../registry/time.ts";
import { pause, writePlanned } from "../registry/writer.ts";
import { refusalOf } from "../registry/refusal.ts";
import { podDisruptionBudgets } from "../resources/policy/pod-disruption-budgets.ts";
import { resourceKey } from "../resources/resource.ts";
import { admissionPorts, admitSubresource } from "./admission.ts";
import { parseBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { commitDelete } from "./delete.ts";
import { isTriedDry, optionsOf } from "./delete-options.ts";
import { isDryRun } from "./options.ts";
import { readCurrent } from "./read.ts";
import { objectResponse } from "./respond.ts";

const done: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
const attempts = 10;
/** Upstream's bound of what a budget remembers. */
const mostDisrupted = 2_000;

type Budget = Stored<PodDisruptionBudget>;

export async function evict(call: Call): Promise<Response> {
  const body = parseBody(await readBody(call.request), "Eviction");
  if (!isRecord(body)) throw StatusError.badRequest("the body must be a Eviction");
  const { deleteOptions: raw = {}, metadata } = body;
  if (!isRecord(metadata) || metadata["name"] !== call.info.name) throw StatusError.badRequest("name in URL does not match name in Eviction object");
  const options: DeleteOptions = isRecord(raw) ? optionsOf(raw) : {};
  // kubectl drain says it in the options only.
  const isDry = isDryRun(call.query) || (isRecord(raw) && isTriedDry(raw));
  await admitSubresource(call, { operation: "CREATE", as: { group: "policy", version: "v1", kind: "Eviction" }, body, isDryRun: isDry });
  for (let attempt = 1; ; attempt += 1) {
    const pod: Stored<Pod> = await readCurrent(call);
    const budget = canGoAnyway(pod) ? undefined : await budgetOf(call, pod);
    if (budget === undefined || mayGoUnhealthy(pod, budget)) {
      await commitDelete(call, options, { isDryRun: isDry, marked: (current) => disrupted(current, call.context.now) });
      return objectResponse(call, done, 201);
    }
    rejectUnallowed(budget);
    if (await taken(call, { pod, budget, options, isDry })) return objectResponse(call, done, 201);
    if (attempt >= attempts) throw tooMany(`The disruption budget ${budget.metadata.name} is changing too fast.`, 10);
    await pause(attempt);
  }
}

/** Whoever runs nothing disturbs nobody by going. */
function canGoAnyway(pod: Stored<Pod>): boolean {
  return isTerminal(pod) || pod.status?.phase === "Pending" || pod.metadata.deletionTimestamp !== undefined;
}

async function budgetOf({ store }: Call, { metadata }: Stored<Pod>): Promise<Budget | undefined> {
  const page = await store.list({ resource: resourceKey(podDisruptionBudgets), namespace: metadata.namespace ?? "" });
  if ("expired" in page) throw StatusError.tooOldResourceVersion(page.revision, page.revision);
  const budgets = page.items.map((item) => objectOf<PodDisruptionBudget>(podDisruptionBudgets, item));
  const selecting = budgets.filter(({ spec }) => spec?.selector !== undefined && matchesSelector(spec.selector, metadata.labels ?? {}));
  if (selecting.length < 2) return selecting[0];
  const message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
  throw new StatusError({ code: 500, reason: "InternalError", message });
}

/** With the condition that says why it ends; whoever made the pod may look for it. */
function disrupted(pod: Stored<Pod>, now: number): Stored<Pod> {
  const condition = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" };
  return { ...pod, status: { ...pod.status, conditions: withCondition(pod.status?.conditions, condition, now) } };
}

/** A pod that is not ready is none of those that the budget counts on. */
function mayGoUnhealthy(pod: Stored<Pod>, { spec, status }: Budget): boolean {
  if (isReady(pod)) return false;
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

function rejectUnallowed({ metadata, status }: Budget): void {
  const { name, generation = 0 } = metadata;
  if ((status?.observedGeneration ?? 0) < generation) throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  if ((status?.disruptionsAllowed ?? 0) < 0) throw forbidden(name, "pdb disruptions allowed is negative");
  if (Object.keys(status?.disruptedPods ?? {}).length > mostDisrupted) throw forbidden(name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if ((status?.disruptionsAllowed ?? 0) > 0) return;
  const failure = status?.conditions?.find(({ type, reason }) => type === "DisruptionAllowed" && reason === "SyncFailed");
  if (failure !== undefined) {
    throw tooMany(`The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${failure.message}`);
  }
  throw tooMany(`The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`);
}

function forbidden(name: string, why: string): StatusError {
  return StatusError.forbidden({ group: "policy", kind: "poddisruptionbudget", name }, why);
}

function tooMany(why: string, retryAfterSeconds?: number): StatusError {
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  const causes = [{ reason: "DisruptionBudget", message: why }];
  const details = { causes, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return new StatusError({ code: 429, reason: "TooManyRequests", message, details });
}

interface Taking {
  pod: Stored<Pod>;
  budget: Budget;
  options: DeleteOptions;
  isDry: boolean;
}

/** Budget and pod in one commit; false: one of them changed meanwhile. */
async function taken(call: Call, { pod, budget, options, isDry }: Taking): Promise<boolean> {
  const { resource, store, context } = call;
  const disruptionsAllowed = (budget.status?.disruptionsAllowed ?? 0) - 1;
  const counts = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...budget.status };
  // Until the budget's controller has seen the pod's end it counts it among those that are gone.
  const disruptedPods = { ...budget.status?.disruptedPods, [pod.metadata.name]: timestamp(context.now) };
  const status = { ...counts, disruptionsAllowed, disruptedPods, conditions: conditionsOf(budget, disruptionsAllowed, context.now) };
  const plans = [
    planner.update({ resource: podDisruptionBudgets, current: budget, next: { ...budget, status }, context, subresource: "status" }),
    await admitDelete({ resource, current: disrupted(pod, context.now), options, context }, admissionPorts(call, isDry)),
  ].filter((plan): plan is Planned => plan !== undefined);
  const written = await writePlanned(store, plans, { isAtomic: true, isDryRun: isDry });
  const refused = written.flatMap(({ planned, result }) => (result.ok ? [] : [{ planned, result }]));
  const [lasting] = refused.filter(({ result }) => !passing.has(result.reason));
  if (lasting !== undefined) throw refusalOf(lasting.result, lasting.planned.operation, lasting.planned.object);
  return refused.length === 0;
}

/** What another look may heal. */
const passing = new Set(["aborted", "conflict", "stale", "uid-mismatch"]);
