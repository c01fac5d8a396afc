import { describe, expect, test } from "vitest";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { ResourceQuota } from "../../../protocol/kubernetes/generated/types.ts";
import { indexOf } from "../../resources/object-index.ts";
import { resourceOf } from "../../resources/registry.ts";
import { objectKey } from "../../resources/resource.ts";
import { created } from "../../resources/testing.ts";
import { quotaBudgets } from "./budgets.ts";
import { reconcileQuota } from "./controller.ts";

const named = (kind: string, spec: object, apiVersion = "v1") => created({ apiVersion, kind, metadata: { name: "x", namespace: "default" }, spec });
const pod = (spec: object = {}) => named("Pod", { containers: [{ name: "c", image: "i" }], ...spec });
const asking = (resources: object) => ({ containers: [{ name: "c", image: "i", resources }] });
const quota = (hard: Record<string, string>, more: object = {}) => named("ResourceQuota", { hard, ...more });
const indexed = (object: Stored<KubernetesObject>) => indexOf(resourceOf(object)!, object);
const keyOf = (object: Stored<KubernetesObject>) => objectKey(resourceOf(object)!, "default", object.metadata.name);
const used = (object: Stored<KubernetesObject>, budget: Stored<KubernetesObject>) => quotaBudgets.usedOf(keyOf(object), indexed(object), indexed(budget));

const compute = { cpu: "9", "requests.cpu": "9", "limits.cpu": "9", memory: "9Gi", "limits.memory": "9Gi" };

describe("a quota counts", () => {
  test.each<[string, Stored<KubernetesObject>, Record<string, string>, Record<string, number>]>([
    ["a pod, by both names", pod(), { pods: "1", "count/pods": "1", "count/services": "1" }, { pods: 1, "count/pods": 1, "count/services": 0 }],
    ["requests and limits", pod(asking({ requests: { cpu: "100m", memory: "1Gi" }, limits: { cpu: "1" } })), compute, { cpu: 100, "requests.cpu": 100, "limits.cpu": 1000, memory: 2 ** 30, "limits.memory": 0 }],
    ["the larger of containers and of what starts them", pod({ ...asking({ requests: { cpu: "1" } }), initContainers: [{ name: "i", image: "i", resources: { requests: { cpu: "3" } } }] }), { cpu: "9" }, { cpu: 3000 }],
    ["extended resources", pod(asking({ limits: { "example.com/gpu": "2" } })), { "requests.example.com/gpu": "4" }, { "requests.example.com/gpu": 2 }],
    ["objects of any kind", named("Deployment", { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: pod()["spec"] } }, "apps/v1"), { "count/deployments.apps": "1", pods: "1" }, { "count/deployments.apps": 1, pods: 0 }],
    ["a Service's node ports", named("Service", { type: "LoadBalancer", ports: [{ port: 80, name: "a" }, { port: 81, name: "b" }] }), { services: "9", "services.nodeports": "9", "services.loadbalancers": "9" }, { services: 1, "services.nodeports": 2, "services.loadbalancers": 1 }],
    ["a claim, also by its class", named("PersistentVolumeClaim", { storageClassName: "gold", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } } }), { persistentvolumeclaims: "1", "requests.storage": "9Gi", "gold.storageclass.storage.k8s.io/requests.storage": "9Gi", "tin.storageclass.storage.k8s.io/requests.storage": "9Gi" }, { persistentvolumeclaims: 1, "requests.storage": 2 ** 31, "gold.storageclass.storage.k8s.io/requests.storage": 2 ** 31, "tin.storageclass.storage.k8s.io/requests.storage": 0 }],
  ])("%s", (_, object, hard, amounts) => {
    expect(used(object, quota(hard))).toEqual(amounts);
  });

  test("nothing of a pod that has ended, but that it is there", () => {
    const ended = { ...pod(asking({ requests: { cpu: "1" } })), status: { phase: "Succeeded" } };
    expect(used(ended, quota({ pods: "1", cpu: "1", "count/pods": "1" }))).toEqual({ pods: 0, cpu: 0, "count/pods": 1 });
  });
});

describe("a quota with a scope", () => {
  const terminating = pod({ activeDeadlineSeconds: 5 });
  const burstable = pod(asking({ requests: { cpu: "1" } }));
  const high = pod({ priorityClassName: "high" });
  const spread = { labelSelector: {}, topologyKey: "zone", namespaceSelector: {} };
  const crossing = pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [spread] } } });
  const byPriority = (operator: string, values?: string[]) => ({ scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, ...(values && { values }) }] } });
  test.each<[string, object, Stored<KubernetesObject>, boolean]>([
    ["Terminating covers a pod with a deadline", { scopes: ["Terminating"] }, terminating, true],
    ["Terminating covers no other", { scopes: ["Terminating"] }, pod(), false],
    ["NotTerminating covers the others", { scopes: ["NotTerminating"] }, pod(), true],
    ["BestEffort covers a pod that asks for nothing", { scopes: ["BestEffort"] }, pod(), true],
    ["NotBestEffort covers one that does", { scopes: ["NotBestEffort", "NotTerminating"] }, burstable, true],
    ["all scopes must hold", { scopes: ["NotBestEffort", "Terminating"] }, burstable, false],
    ["PriorityClass In covers its pods", byPriority("In", ["high"]), high, true],
    ["PriorityClass In covers no pod without a class", byPriority("In", ["high"]), pod(), false],
    ["PriorityClass Exists covers any class", byPriority("Exists"), high, true],
    ["PriorityClass DoesNotExist covers pods without one", byPriority("DoesNotExist"), pod(), true],
    ["CrossNamespacePodAffinity covers what names other namespaces", { scopes: ["CrossNamespacePodAffinity"] }, crossing, true],
    ["no scope covers what is no pod", { scopes: ["NotTerminating"] }, named("Service", { ports: [{ port: 80 }] }), false],
  ])("%s", (_, scope, object, isCovered) => {
    expect(used(object, quota({ pods: "1" }, scope)) !== undefined).toBe(isCovered);
  });
});

test("a container has to state what a quota bounds", () => {
  const object = pod({ containers: [{ name: "a", image: "i" }, { name: "b", image: "i", resources: { requests: { cpu: "1" } } }] });
  const lacking = quotaBudgets.lacking(keyOf(object), JSON.stringify(object), indexed(quota({ cpu: "1", "limits.memory": "1Gi", pods: "1" })));
  expect(lacking).toEqual({ cpu: ["a"], "limits.memory": ["a", "b"] });
});

describe("a quota's status", () => {
  // A quota as it was created.
  const object = quota({ cpu: "2", memory: "4Gi", pods: "5" }) as Stored<ResourceQuota>;
  test("says what is used as Kubernetes writes it", () => {
    const { actions: [action] } = reconcileQuota({ quota: object, used: { cpu: 1500, memory: 2 ** 30, pods: 3 } });
    expect(action).toMatchObject({ type: "update", subresource: "status", object: { status: { hard: { cpu: "2", memory: "4Gi", pods: "5" }, used: { cpu: "1500m", memory: "1Gi", pods: "3" } } } });
  });

  test("is not written when it says so already", () => {
    const status = { hard: object.spec?.hard ?? {}, used: { cpu: "0", memory: "0", pods: "0" } };
    expect(reconcileQuota({ quota: { ...object, status }, used: {} }).actions).toEqual([]);
  });
});
