import { describe, expect, test } from "vitest";
import type { Change, Lookup, ObjectIndex, ObjectKey } from "../storage/store.ts";
import { storePolicy } from "./policy.ts";

type Objects = Record<ObjectKey, ObjectIndex>;

function index(parts: Partial<ObjectIndex> = {}): ObjectIndex {
  return { uid: "u", labels: {}, fields: {}, terms: [], generation: 1, isDeleting: false, isSettled: true, ...parts };
}

function lookupOf(objects: Objects): Lookup {
  return {
    get: (key) => objects[key],
    byTerm: (term) => Object.keys(objects).filter((key) => objects[key]?.terms.includes(term)),
    inNamespace: (resource, namespace) =>
      Object.entries(objects).filter(([key]) => key.startsWith(`${resource}/${namespace}/`)),
  };
}

function change(key: ObjectKey, before: ObjectIndex | undefined, after: ObjectIndex | undefined): Change {
  return {
    revision: 7,
    key,
    type: before === undefined ? "ADDED" : after === undefined ? "DELETED" : "MODIFIED",
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

const app = { matchLabels: { app: "web" } };
const labelled = index({ labels: { app: "web" }, terms: ["unbound", "orphan:d"], contentHash: "1" });
const owned = index({
  labels: { app: "web" },
  terms: ["node:n1", "owner:rs"],
  fields: { "spec.nodeName": "n1", "status.phase": "Running" },
  controller: { key: "replicasets.apps/d/web", uid: "rs" },
  owners: [{ key: "replicasets.apps/d/web", uid: "rs" }],
  contentHash: "1",
});
const gated = index({ terms: ["node:n1"], fields: { "spec.nodeName": "n1", "status.phase": "Running" }, contentHash: "1" });
const node = index({ contentHash: "1" });
const cluster: Objects = {
  "services/d/web": index({ selector: app }),
  "services/d/other": index({ selector: { matchLabels: { app: "db" } } }),
  "services/d/without-selector": index(),
  "services/e/web": index({ selector: app }),
  "replicasets.apps/d/web": index({ uid: "rs", selector: app }),
  "statefulsets.apps/d/web": index({ uid: "sts", selector: app }),
  "deployments.apps/d/web": index({ uid: "dep", selector: app }),
  "nodes//n1": node,
};

describe("wakesOf", () => {
  const rows: [string, Change, Objects, string[]][] = [
    ["a status of a bound pod does not wake its node", change("pods/e/gated", gated, gated), cluster, []],
    ["a readiness gate that opens wakes the pod's node", change("pods/e/gated", gated, { ...gated, terms: [...gated.terms, "gate:a.b/c"] }), cluster, ["node/n1"]],
    ["a ConfigMap that nobody uses wakes nobody", change("configmaps/d/a", undefined, index()), cluster, []],
    [
      "a ConfigMap wakes each node whose pods refer to it, once",
      change("configmaps/d/a", index(), index()),
      {
        "pods/d/p": index({ terms: ["ref:configmaps/d/a"], fields: { "spec.nodeName": "n1" } }),
        "pods/d/q": index({ terms: ["ref:configmaps/d/a"], fields: { "spec.nodeName": "n1" } }),
        "pods/d/r": index({ terms: ["ref:configmaps/d/a"] }),
      },
      ["node/n1"],
    ],
    ["an agent's key wakes the hub, which remembers it", change("_agents//n1", index(), undefined), cluster, ["node/n1/agent"]],
    [
      "a bare pod wakes the scheduler, whoever may adopt it, and the Services that select it",
      change("pods/d/p", undefined, labelled),
      cluster,
      ["scheduler", "workload/replicasets.apps/d/web", "workload/services/d/web", "workload/statefulsets.apps/d/web"],
    ],
    [
      "an owned pod's status wakes its ReplicaSet and its Services, not its node",
      change("pods/d/p", owned, { ...owned }),
      cluster,
      ["workload/replicasets.apps/d/web", "workload/services/d/web"],
    ],
    [
      "a pod that loses a label wakes the Service that it leaves",
      change("pods/d/p", owned, { ...owned, labels: {}, contentHash: "2" }),
      cluster,
      ["node/n1", "workload/replicasets.apps/d/web", "workload/services/d/web"],
    ],
    [
      "a pod bound to a node wakes the node",
      change("pods/d/p", { ...owned, fields: {} }, owned),
      cluster,
      ["node/n1", "workload/replicasets.apps/d/web", "workload/services/d/web"],
    ],
    [
      "a pod bound to a node with a NoExecute taint wakes whoever evicts",
      change("pods/d/p", { ...owned, fields: {} }, owned),
      { ...cluster, "nodes//n1": index({ terms: ["no-execute"] }) },
      ["node/n1", "workload/nodes//n1", "workload/replicasets.apps/d/web", "workload/services/d/web"],
    ],
    [
      "the status of a pod on such a node does not",
      change("pods/d/p", owned, { ...owned }),
      { ...cluster, "nodes//n1": index({ terms: ["no-execute"] }) },
      ["workload/replicasets.apps/d/web", "workload/services/d/web"],
    ],
    [
      "a pod that starts to terminate wakes its node",
      change("pods/d/p", owned, { ...owned, isDeleting: true }),
      cluster,
      ["node/n1", "workload/replicasets.apps/d/web", "workload/services/d/web"],
    ],
    [
      "a pod that is gone wakes the scheduler if another one waits",
      change("pods/d/p", { ...owned, labels: {} }, undefined),
      { ...cluster, "pods/d/waiting": labelled },
      ["node/n1", "scheduler", "workload/replicasets.apps/d/web"],
    ],
    [
      "a finished pod frees its node's resources for one that waits",
      change("pods/d/p", { ...owned, labels: {} }, { ...owned, labels: {}, fields: { "spec.nodeName": "n1", "status.phase": "Failed" } }),
      { ...cluster, "pods/d/waiting": labelled },
      ["scheduler", "workload/replicasets.apps/d/web"],
    ],
    [
      "the scheduler's own condition on a pod that waits does not wake it again",
      change("pods/e/p", { ...labelled, labels: {} }, { ...labelled, labels: {} }),
      cluster,
      [],
    ],
    [
      "a pod on a node that is not there wakes pod garbage collection",
      change("pods/e/p", undefined, index({ fields: { "spec.nodeName": "gone" } })),
      cluster,
      ["node/gone", "workload/podgc//gone"],
    ],
    [
      "a ReplicaSet's status wakes its Deployment, not itself",
      change(
        "replicasets.apps/d/w",
        index({ contentHash: "1", controller: { key: "deployments.apps/d/web", uid: "dep" } }),
        index({ contentHash: "1", controller: { key: "deployments.apps/d/web", uid: "dep" } }),
      ),
      cluster,
      ["workload/deployments.apps/d/web"],
    ],
    [
      "an orphan ReplicaSet wakes the Deployment that selects it",
      change("replicasets.apps/d/w", undefined, index({ labels: { app: "web" } })),
      cluster,
      ["workload/deployments.apps/d/web", "workload/replicasets.apps/d/w"],
    ],
    [
      "a handed-over pod wakes both controllers",
      change("pods/d/p", { ...owned, labels: {} }, {
        ...owned,
        labels: {},
        owners: [{ key: "statefulsets.apps/d/web", uid: "sts" }],
        controller: { key: "statefulsets.apps/d/web", uid: "sts" },
      }),
      cluster,
      ["workload/replicasets.apps/d/web", "workload/statefulsets.apps/d/web"],
    ],
    [
      "a Service wakes itself and all nodes",
      change("services/d/web", undefined, index({ selector: app })),
      cluster,
      ["nodes", "workload/services/d/web"],
    ],
    [
      "an EndpointSlice wakes its Service and all nodes",
      change("endpointslices.discovery.k8s.io/d/x", undefined, index({ controller: { key: "services/d/web", uid: "s" } })),
      cluster,
      ["nodes", "workload/services/d/web"],
    ],
    ["Endpoints wake the Service of their name", change("endpoints/d/web", undefined, index()), cluster, ["workload/services/d/web"]],
    [
      "a new node wakes the scheduler, its lifecycle and every node",
      change("nodes//n2", undefined, node),
      cluster,
      ["node/n2", "node/n2/heartbeat", "nodes", "scheduler", "workload/nodes//n2"],
    ],
    [
      "a node's status is a heartbeat and wakes its lifecycle",
      change("nodes//n1", node, { ...node }),
      cluster,
      ["node/n1/heartbeat", "workload/nodes//n1"],
    ],
    [
      "a node's renewed Lease is a heartbeat",
      change("leases.coordination.k8s.io/kube-node-lease/n1", index(), index()),
      cluster,
      ["node/n1/heartbeat"],
    ],
    [
      "a deleted node that had pods wakes pod garbage collection",
      change("nodes//n1", node, undefined),
      { "pods/d/p": index({ terms: ["node:n1"] }) },
      ["node/n1", "node/n1/heartbeat", "nodes", "scheduler", "workload/nodes//n1", "workload/podgc//n1"],
    ],
    [
      "the last object of a terminating namespace wakes the namespace",
      change("configmaps/d/a", index(), undefined),
      { "namespaces//d": index({ isDeleting: true }) },
      ["workload/namespaces//d"],
    ],
    [
      "a deleted default ServiceAccount wakes its namespace",
      change("serviceaccounts/d/default", index(), undefined),
      { "namespaces//d": index() },
      ["workload/namespaces//d"],
    ],
    [
      "a deleted owner wakes the garbage collector for its dependents",
      change("configmaps/d/owner", index({ uid: "o" }), undefined),
      { "configmaps/d/dependent": index({ terms: ["owner:o"] }) },
      ["workload/gc/o"],
    ],
    [
      "an owner that waits for its dependents wakes the garbage collector",
      change("configmaps/d/owner", index({ uid: "o" }), index({ uid: "o", isDeleting: true, terms: ["gc:o"] })),
      {},
      ["workload/gc/o"],
    ],
    [
      "a dependent that goes wakes the collection of an owner that waits for it",
      change("configmaps/d/dependent", index({ owners: [{ key: "configmaps/d/owner", uid: "o" }] }), undefined),
      { "configmaps/d/owner": index({ uid: "o", isDeleting: true, terms: ["gc:o"] }) },
      ["workload/gc/o"],
    ],
    [
      "a dependent created with an absent owner wakes the garbage collector",
      change("configmaps/d/dependent", undefined, index({ owners: [{ key: "configmaps/d/owner", uid: "o" }] })),
      {},
      ["workload/gc/o"],
    ],
    [
      "an owner of that name with another uid is an absent owner",
      change("configmaps/d/dependent", undefined, index({ owners: [{ key: "configmaps/d/owner", uid: "o" }] })),
      { "configmaps/d/owner": index({ uid: "another" }) },
      ["workload/gc/o"],
    ],
  ];
  test.each(rows)("%s", (_, given, objects, expected) => {
    expect(storePolicy.wakesOf(given, lookupOf(objects)).toSorted()).toEqual(expected.toSorted());
  });
});

describe("scopesOf", () => {
  const rows: [string, Change, string[]][] = [
    ["a created pod makes its controller's plans stale", change("pods/d/p", undefined, { ...owned, fields: {} }), ["replicasets.apps/d/web"]],
    ["so does one that starts to terminate", change("pods/d/p", owned, { ...owned, isDeleting: true }), ["replicasets.apps/d/web"]],
    ["and one that is gone at once", change("pods/d/p", owned, undefined), ["replicasets.apps/d/web"]],
    ["the end of a terminating pod makes nothing stale: it counted no more", change("pods/d/p", { ...owned, isDeleting: true }, undefined), []],
    ["a released pod makes its former controller's plans stale", change("pods/d/p", owned, { ...owned, controller: undefined }), ["replicasets.apps/d/web"]],
    ["a deleted workload makes its own plans stale", change("replicasets.apps/d/web", index(), undefined), ["replicasets.apps/d/web"]],
    ["a pod's status makes nothing stale", change("pods/d/p", owned, { ...owned }), []],
    ["binding makes plans for that node stale", change("pods/d/p", { ...owned, fields: {} }, owned), ["bind/n1"]],
    ["a workload's new generation makes its own plans stale", change("replicasets.apps/d/web", index(), index({ generation: 2 })), ["replicasets.apps/d/web"]],
    ["a workload's status makes nothing stale", change("replicasets.apps/d/web", index(), index()), []],
    ["a ConfigMap has no scope", change("configmaps/d/a", undefined, index()), []],
  ];
  test.each(rows)("%s", (_, given, expected) => {
    expect(storePolicy.scopesOf(given).toSorted()).toEqual(expected.toSorted());
  });
});
