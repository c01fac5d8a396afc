/** What every cluster has from its first moment: four namespaces and the Service `kubernetes`. */
import type { Env } from "../env.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { requestContext } from "../registry/context.ts";
import { planner } from "../registry/planner.ts";
import { kubernetesAddress } from "../registry/service-range.ts";
import { writePlanned } from "../registry/writer.ts";
import { namespaces } from "../resources/namespaces.ts";
import type { Resource } from "../resources/resource.ts";
import { services } from "../resources/services.ts";
import type { Store } from "../storage/store.ts";

const system = { name: "system:apiserver", groups: ["system:masters"] };
const names = ["default", "kube-system", "kube-public", "kube-node-lease"];
const keys = [...names.map((name) => `namespaces//${name}`), "services/default/kubernetes"];

/** Once an isolate; who deletes one of these objects gets it back with the next. */
let isDone = false;

/** Cheap when it was done; safe to run side by side, since a create that lost finds the same object there. */
export async function ensureClusterObjects(env: Env, store: Store): Promise<void> {
  if (isDone) return;
  const { items } = await store.getMany(keys);
  const isMissing = (at: number): boolean => items[at] === undefined;
  const missing = names.filter((_, at) => isMissing(at));
  if (missing.length > 0) await create(env, store, namespaces, missing.map((name) => ({ metadata: { name } })));
  if (isMissing(keys.length - 1)) await create(env, store, services, [kubernetesService(env.SERVICE_CIDR)]);
  isDone = true;
}

async function create(env: Env, store: Store, resource: Resource, objects: KubernetesObject[]): Promise<void> {
  const context = requestContext(env, system);
  const written = await writePlanned(store, objects.map((object) => planner.create(resource, object, context)));
  const failed = written.find(({ result }) => !result.ok && result.reason !== "exists");
  if (failed !== undefined) throw new Error(`bootstrap: ${JSON.stringify(failed.result)}`);
}

/** It selects nothing: agents answer for its address themselves. */
function kubernetesService(serviceCidr: string): KubernetesObject {
  return {
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP: kubernetesAddress(serviceCidr),
      ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 443 }],
    },
  };
}
