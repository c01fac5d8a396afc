/**
 * ReplicationController: the ReplicaSet's forerunner. As in Kubernetes it is reconciled as one, seen through an adapter:
 * its selector knows equality only, and its status counts no terminating pods.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/
 */
import type { Pod, ReplicaSet, ReplicationController, ReplicationControllerStatus } from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action, Controller, Reconciliation } from "../controller.ts";
import { isSame } from "../equality.ts";
import { readCandidates } from "../owner-references.ts";
import { reconcileReplicaSet, type ReplicaSetSnapshot } from "./controller.ts";

export interface ReplicationControllerSnapshot extends Omit<ReplicaSetSnapshot, "replicaSet"> {
  replicationController: Stored<ReplicationController> | undefined;
}

export const replicationControllerController: Controller<ReplicationControllerSnapshot> = {
  name: "replicationcontrollers",
  async observe(reader, key, now) {
    const replicationController = await reader.get<ReplicationController>(key);
    const matchLabels = replicationController?.spec?.selector;
    const pods = matchLabels === undefined ? [] : await readCandidates<Pod>(reader, "pods", replicationController!, { matchLabels });
    return { replicationController, pods, refusals: reader.refusals, seed: reader.seed, now };
  },
  reconcile: reconcileReplicationController,
};

export function reconcileReplicationController({ replicationController, ...snapshot }: ReplicationControllerSnapshot): Reconciliation {
  if (replicationController === undefined) return { actions: [] };
  const replicaSet = asReplicaSet(replicationController);
  const { actions, ...rest } = reconcileReplicaSet({ ...snapshot, replicaSet, component: "replication-controller" });
  return { ...rest, actions: actions.flatMap((action) => adapted(action, replicationController)) };
}

/** Its kind stays its own: the pods' owner references and the events name it. */
function asReplicaSet({ spec, status, ...rest }: Stored<ReplicationController>): Stored<ReplicaSet> {
  const { selector = {}, ...others } = spec ?? {};
  return { ...rest, spec: { ...others, selector: { matchLabels: selector } }, ...(status === undefined ? {} : { status }) };
}

/** What is said of the ReplicaSet is said of the ReplicationController; what remains the same is not written. */
function adapted(action: Action, replicationController: Stored<ReplicationController>): Action[] {
  if (action.type !== "update" || !isOne(action.object, replicationController)) return [action];
  // A ReplicaSet's status that was made a moment ago.
  const { terminatingReplicas: _, ...status } = (action.object as Stored<ReplicaSet>).status ?? { replicas: 0 };
  const own: ReplicationControllerStatus = status;
  return isSame(own, replicationController.status) ? [] : [{ ...action, object: { ...replicationController, status: own } }];
}

const isOne = (object: Stored<KubernetesObject>, other: Stored<KubernetesObject>): boolean => object.metadata.uid === other.metadata.uid;
