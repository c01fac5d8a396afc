/** The table of controllers. Another one: a file or folder beside this, one line here. */
import { certificateController } from "./certificates/controller.ts";
import { serviceAccountTokenController } from "./service-account-tokens.ts";
import type { ObjectKey } from "../storage/store.ts";
import type { Controller, Reader, Reconciliation } from "./controller.ts";
import { clusterRoleAggregationController } from "./cluster-role-aggregation.ts";
import { customResourceDefinitionController } from "./custom-resource-definition.ts";
import { deploymentController } from "./deployment/controller.ts";
import { disruptionController } from "./disruption/controller.ts";
import { serviceController } from "./endpoint-slice/controller.ts";
import { flowSchemaController } from "./flow-schemas.ts";
import { garbageController } from "./garbage-collection.ts";
import { namespaceController } from "./namespace.ts";
import { nodeLifecycleController } from "./node-lifecycle.ts";
import { podGarbageController } from "./pod-garbage.ts";
import { replicaSetController } from "./replica-set/controller.ts";
import { replicationControllerController } from "./replica-set/replication-controller.ts";
import { resourceQuotaController } from "./resource-quota/controller.ts";
import { serviceCidrController } from "./service-cidr.ts";
import { claimProtectionController, volumeProtectionController } from "./storage-protection.ts";
import { validatingAdmissionPolicyController } from "./validating-admission-policy.ts";
import { statefulSetController } from "./stateful-set/controller.ts";

/** A controller whose snapshot's type nobody outside needs to know. */
export interface Reconciler {
  name: string;
  reconcile(reader: Reader, key: ObjectKey, now: number): Promise<Reconciliation>;
}

function reconcilerOf<Snapshot>(controller: Controller<Snapshot>): Reconciler {
  return {
    name: controller.name,
    reconcile: async (reader, key, now) => controller.reconcile(await controller.observe(reader, key, now)),
  };
}

const reconcilers: Reconciler[] = [
  reconcilerOf(deploymentController),
  reconcilerOf(replicaSetController),
  reconcilerOf(replicationControllerController),
  reconcilerOf(statefulSetController),
  reconcilerOf(serviceController),
  reconcilerOf(customResourceDefinitionController),
  reconcilerOf(disruptionController),
  reconcilerOf(validatingAdmissionPolicyController),
  reconcilerOf(namespaceController),
  reconcilerOf(garbageController),
  reconcilerOf(podGarbageController),
  reconcilerOf(nodeLifecycleController),
  reconcilerOf(certificateController),
  reconcilerOf(serviceAccountTokenController),
  reconcilerOf(clusterRoleAggregationController),
  reconcilerOf(flowSchemaController),
  reconcilerOf(serviceCidrController),
  reconcilerOf(resourceQuotaController),
  reconcilerOf(claimProtectionController),
  reconcilerOf(volumeProtectionController),
];

const byName = new Map(reconcilers.map((reconciler) => [reconciler.name, reconciler]));

/** Who answers for a key: `replicasets.apps/default/web`, `gc/<uid>`, `podgc//node-1`. */
export function reconcilerFor(key: ObjectKey): Reconciler | undefined {
  return byName.get(key.slice(0, key.indexOf("/")));
}
