/**
 * PodDisruptionBudgets: how many evictions each allows now.
 * https://kubernetes.io/docs/tasks/run-application/configure-pdb/
 */
import type { Pod, PodDisruptionBudget } from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { requirementsOf } from "../../../protocol/selectors.ts";
import { resourceByKind } from "../../resources/registry.ts";
import { objectKey } from "../../resources/resource.ts";
import type { Action, Controller, Reader, Reconciliation } from "../controller.ts";
import { isSame } from "../equality.ts";
import { eventAction } from "../events.ts";
import { controllerOf, isDeleting } from "../owner-references.ts";
import { awaitedEnds, budgetStatus, type BudgetSnapshot } from "./budget-status.ts";

export const disruptionController: Controller<BudgetSnapshot> = {
  name: "poddisruptionbudgets.policy",
  async observe(reader, key, now) {
    const budget = await reader.get<PodDisruptionBudget>(key);
    const selector = budget?.spec?.selector;
    // No selector selects nothing, an empty one everything in the namespace.
    const namespace = budget?.metadata.namespace ?? "";
    const pods = selector === undefined ? [] : await reader.list<Pod>({ resource: "pods", namespace, labels: requirementsOf(selector) });
    return { budget, pods, expectedScale: await expectedScaleOf(reader, pods), now };
  },
  reconcile: reconcileBudget,
};

export function reconcileBudget(snapshot: BudgetSnapshot): Reconciliation {
  const { budget } = snapshot;
  if (budget === undefined || isDeleting(budget)) return { actions: [] };
  const object = { ...budget, status: budgetStatus(budget, snapshot) };
  const ends = awaitedEnds(budget, snapshot.pods);
  const overdue = ends.filter(({ until }) => until <= snapshot.now);
  const next = Math.min(...ends.filter(({ until }) => until > snapshot.now).map(({ until }) => until));
  const update: Action[] = isSame(object, budget) ? [] : [{ type: "update", object, subresource: "status" }];
  const actions = [...update, ...overdue.map(({ pod }) => notDeleted(budget, pod))];
  return { actions, ...(Number.isFinite(next) ? { requeueAfterMs: next - snapshot.now } : {}) };
}

function notDeleted({ metadata }: Stored<PodDisruptionBudget>, about: Stored<Pod>): Action {
  const recorded = { about, component: "controllermanager", reason: "NotDeleted", type: "Warning" as const };
  return eventAction(recorded, `Pod was expected by PDB ${metadata.namespace}/${metadata.name} to be deleted but it wasn't`);
}

type Scaled = KubernetesObject & { spec?: { replicas?: number } };
type Owner = NonNullable<Stored<Pod>["metadata"]["ownerReferences"]>[number];

/** Each controller once; pods without one count for nobody. */
async function expectedScaleOf(reader: Reader, pods: Stored<Pod>[]): Promise<BudgetSnapshot["expectedScale"]> {
  const owners = new Map<string, { owner: Owner; namespace: string }>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner !== undefined) owners.set(owner.uid, { owner, namespace: pod.metadata.namespace ?? "" });
  }
  const scales = new Map<string, number>();
  for (const { owner, namespace } of owners.values()) {
    const scaled = await scaledBy(reader, owner, namespace);
    if (typeof scaled === "string") return { failure: scaled };
    scales.set(scaled.metadata.uid, scaled.spec?.replicas ?? 0);
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}

/** The object whose replicas say how many pods there should be: of a Deployment's ReplicaSet, the Deployment. */
async function scaledBy(reader: Reader, owner: Owner, namespace: string): Promise<Stored<Scaled> | string> {
  const resource = resourceByKind(owner.apiVersion, owner.kind);
  if (resource?.subresources["scale"] === undefined) return `${owner.kind} ${JSON.stringify(owner.name)} does not implement the scale subresource`;
  const found = await reader.get<Scaled>(objectKey(resource, namespace, owner.name));
  if (found === undefined || found.metadata.uid !== owner.uid) return `the controller ${owner.kind} ${JSON.stringify(owner.name)} of a pod was not found`;
  const above = controllerOf(found);
  if (above === undefined) return found;
  const higher = await scaledBy(reader, above, namespace);
  return typeof higher === "string" ? found : higher;
}
