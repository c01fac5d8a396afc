import { describe, expect, test } from "vitest";
import type { Node, NodeSpec, Pod, Taint, Toleration } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import type { Action, Reconciliation } from "./controller.ts";
import { reconcileNode, type NodeSnapshot } from "./node-lifecycle.ts";

const now = Date.parse("2026-01-01T00:01:00Z");
const before = (seconds: number) => new Date(now - seconds * 1000).toISOString().replace(".000", "");

const unreachable = (more: object = {}): Taint => ({ key: "node.kubernetes.io/unreachable", effect: "NoExecute", timeAdded: before(0), ...more });
const unreachableNoSchedule = (): Taint => ({ key: "node.kubernetes.io/unreachable", effect: "NoSchedule", timeAdded: before(0) });

function node({ ready = "True", spec = {}, annotations = {}, conditions = [] }: {
  ready?: string; spec?: NodeSpec; annotations?: Record<string, string>; conditions?: { type: string; status: string }[];
}): Stored<Node> {
  return {
    metadata: { name: "n", uid: "u", resourceVersion: "1", creationTimestamp: before(900), annotations },
    spec,
    status: { conditions: [{ type: "Ready", status: ready }, ...conditions] },
  };
}

function pod(name: string, { tolerations = [], ready = "False", deleted = false, phase = "Running" }: {
  tolerations?: Toleration[]; ready?: string; deleted?: boolean; phase?: string;
} = {}): Stored<Pod> {
  return {
    metadata: { name, namespace: "d", uid: name, resourceVersion: "1", creationTimestamp: before(900), ...(deleted ? { deletionTimestamp: before(0) } : {}) },
    spec: { containers: [], tolerations },
    status: { phase, conditions: [{ type: "Ready", status: ready }] },
  };
}

const tolerateFor = (tolerationSeconds?: number): Toleration => ({
  key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

function run(snapshot: Partial<NodeSnapshot>): Reconciliation {
  return reconcileNode({ node: node({}), pods: [], isFullDisruption: false, now, ...snapshot });
}

const taintsOf = (actions: Action[]): string[] | undefined => {
  const update = actions.find((action) => action.type === "update" && action.subresource === undefined);
  if (update?.type !== "update") return undefined;
  const { taints = [] } = (update.object as Stored<Node>).spec ?? {};
  return taints.map(({ key, effect }) => `${key.replace("node.kubernetes.io/", "")}:${effect}`);
};
const deleted = (actions: Action[]): string[] => actions.flatMap((action) => (action.type === "delete" ? [action.object.metadata.name] : []));

describe("taints", () => {
  test.each<[string, Partial<NodeSnapshot>, string[] | undefined]>([
    ["a ready node has none", {}, undefined],
    ["a silent one is unreachable", { node: node({ ready: "Unknown" }) }, ["unreachable:NoSchedule", "unreachable:NoExecute"]],
    ["one that says so itself is not ready", { node: node({ ready: "False" }) }, ["not-ready:NoSchedule", "not-ready:NoExecute"]],
    ["one without conditions is unreachable", { node: { ...node({}), status: {} } }, ["unreachable:NoSchedule", "unreachable:NoExecute"]],
    ["while no node is ready, nobody is evicted", { node: node({ ready: "Unknown" }), isFullDisruption: true }, ["unreachable:NoSchedule"]],
    ["an autonomous one keeps its pods", { node: node({ ready: "Unknown", annotations: { "kedge.dev/autonomous": "true" } }) }, ["unreachable:NoSchedule"]],
    ["pressure keeps new pods off", { node: node({ conditions: [{ type: "MemoryPressure", status: "True" }, { type: "DiskPressure", status: "False" }] }) }, ["memory-pressure:NoSchedule"]],
    ["so does a cordon", { node: node({ spec: { unschedulable: true } }) }, ["unschedulable:NoSchedule"]],
    ["they go when the node is ready again", { node: node({ spec: { taints: [unreachable(), unreachableNoSchedule()] } }) }, []],
    ["what the user set stays", { node: node({ ready: "Unknown", spec: { taints: [{ key: "mine", effect: "NoSchedule" }] } }), isFullDisruption: true }, ["mine:NoSchedule", "unreachable:NoSchedule"]],
    ["not ready becomes unreachable", {
      node: node({ ready: "Unknown", spec: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] } }), isFullDisruption: true,
    }, ["unreachable:NoSchedule"]],
    ["a node that is being deleted is left alone", { node: { ...node({ ready: "Unknown" }), metadata: { ...node({}).metadata, deletionTimestamp: before(0) } } }, undefined],
    ["a node that is gone too", { node: undefined }, undefined],
  ])("%s", (_, snapshot, taints) => {
    expect(taintsOf(run(snapshot).actions)).toEqual(taints);
  });

  test("say when they were added, and keep the time", () => {
    const [update] = run({ node: node({ ready: "Unknown" }) }).actions;
    const object = (update?.type === "update" ? update.object : undefined) as Stored<Node>;
    expect(object.spec?.taints?.[1]).toEqual(unreachable());
    expect(run({ node: object, now: now + 9_000 }).actions).toEqual([]);
  });

  test("of the user get a time if they end pods", () => {
    const [update] = run({ node: node({ spec: { taints: [{ key: "mine", effect: "NoExecute" }] } }) }).actions;
    expect(update?.type === "update" && (update.object as Stored<Node>).spec?.taints).toEqual([{ key: "mine", effect: "NoExecute", timeAdded: before(0) }]);
  });

  test("are told once", () => {
    const events = (snapshot: Partial<NodeSnapshot>) => run(snapshot).actions.flatMap((action) => (action.type === "event" ? [action.event.message] : []));
    expect(events({ node: node({ ready: "Unknown" }) })).toEqual(["Node n status is now: NodeNotReady"]);
    expect(events({ node: node({ ready: "Unknown", spec: { taints: [unreachableNoSchedule()] } }) })).toEqual([]);
    expect(events({ node: { ...node({}), status: {} } })).toEqual([]);
    const since = (seconds: number) => ({ ...node({}), status: { conditions: [{ type: "Ready", status: "False", lastTransitionTime: before(seconds) }] } });
    expect(events({ node: since(899) })).toEqual([]);
    expect(events({ node: since(1) })).toEqual(["Node n status is now: NodeNotReady"]);
  });
});

describe("evictions", () => {
  const lost = (since: number) => node({ ready: "Unknown", spec: { taints: [unreachableNoSchedule(), unreachable({ timeAdded: before(since) })] } });

  test.each<[string, Partial<NodeSnapshot>, string[], number | undefined]>([
    ["a pod that tolerates nothing goes at once", { node: lost(0), pods: [pod("p")] }, ["p"], undefined],
    ["one that tolerates five seconds stays for them", { node: lost(4), pods: [pod("p", { tolerations: [tolerateFor(5)] })] }, [], 1_000],
    ["and then goes", { node: lost(5), pods: [pod("p", { tolerations: [tolerateFor(5)] })] }, ["p"], undefined],
    ["the shortest toleration counts", { node: lost(6), pods: [pod("p", { tolerations: [tolerateFor(300), tolerateFor(5)] })] }, ["p"], undefined],
    ["one without a limit stays", { node: lost(9999), pods: [pod("p", { tolerations: [tolerateFor()] })] }, [], undefined],
    ["the earliest is waited for", { node: lost(0), pods: [pod("p", { tolerations: [tolerateFor(300)] }), pod("q", { tolerations: [tolerateFor(5)] })] }, [], 5_000],
    ["a pod that ends already is left to its agent", { node: lost(99), pods: [pod("p", { deleted: true })] }, [], undefined],
    ["so is one that is done", { node: lost(99), pods: [pod("p", { phase: "Succeeded" })] }, [], undefined],
    ["nobody goes while no node is ready", { node: lost(99), pods: [pod("p")], isFullDisruption: true }, [], undefined],
    ["a user's NoExecute taint evicts from a ready node", { node: node({ spec: { taints: [{ key: "mine", effect: "NoExecute" }] } }), pods: [pod("p")] }, ["p"], undefined],
    ["every taint has to be tolerated", {
      node: node({ ready: "Unknown", spec: { taints: [unreachableNoSchedule(), unreachable(), { key: "mine", effect: "NoExecute", timeAdded: before(0) }] } }),
      pods: [pod("p", { tolerations: [tolerateFor(300)] })],
    }, ["p"], undefined],
  ])("%s", (_, snapshot, gone, requeueAfterMs) => {
    const { actions, requeueAfterMs: again } = run(snapshot);
    expect(deleted(actions)).toEqual(gone);
    expect(again).toBe(requeueAfterMs);
  });

  test("are graceful: a StatefulSet's identity is only given up by its agent", () => {
    const [action] = run({ node: lost(0), pods: [pod("p")] }).actions.filter(({ type }) => type === "delete");
    expect(action).toEqual({ type: "delete", object: pod("p") });
  });

  test("are final on a node that is out of service", () => {
    const taints = [...(lost(0).spec?.taints ?? []), { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute", timeAdded: before(0) }];
    const { actions } = run({ node: node({ ready: "Unknown", spec: { taints } }), pods: [pod("p", { deleted: true, ready: "True" })] });
    expect(actions).toEqual([{ type: "delete", object: pod("p", { deleted: true, ready: "True" }), options: { gracePeriodSeconds: 0 } }]);
  });
});

describe("pods of a silent node", () => {
  const silent = node({ ready: "Unknown", spec: { taints: [unreachableNoSchedule(), unreachable()] } });

  test("are not ready any more, those that are on their way out too", () => {
    const pods = [pod("p", { ready: "True", tolerations: [tolerateFor()] }), pod("q", { ready: "True", deleted: true }), pod("r")];
    const updates = run({ node: silent, pods: pods.slice(0, 2) }).actions;
    expect(updates.map((action) => action.type === "update" && [action.subresource, action.object.metadata.name, (action.object as Stored<Pod>).status?.conditions])).toEqual([
      ["status", "p", [{ type: "Ready", status: "False", lastTransitionTime: before(0) }]],
      ["status", "q", [{ type: "Ready", status: "False", lastTransitionTime: before(0) }]],
    ]);
  });

  test("are written once a plan: one that is deleted now is marked in the next", () => {
    const { actions, requeueAfterMs } = run({ node: silent, pods: [pod("p", { ready: "True" })] });
    expect(actions.filter(({ type }) => type !== "event").map(({ type }) => type)).toEqual(["delete"]);
    expect(requeueAfterMs).toBe(1);
  });

  test("keep their word on a node that speaks, ready or not", () => {
    const speaking = node({ ready: "False", spec: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] } });
    expect(run({ node: speaking, isFullDisruption: true, pods: [pod("p", { ready: "True" })] }).actions).toEqual([]);
  });
});
