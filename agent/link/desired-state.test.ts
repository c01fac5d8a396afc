import { describe, expect, it } from "vitest";
import type { PollResponse } from "../../protocol/agent.ts";
import { testPod } from "../pods/testing.ts";
import { applyAnswer, emptyState, type DesiredState } from "./desired-state.ts";

const pod = (name: string, uid = `uid-${name}`, resourceVersion = "1") => testPod({}, { metadata: { name, uid, resourceVersion, creationTimestamp: "" } as never });
const answer = (rest: Partial<PollResponse>): PollResponse => ({
  ...{ clusterUid: "cluster", epoch: 1, revision: 10, complete: false, removed: [], sessions: [] },
  ...{ pods: [], configMaps: [], secrets: [], services: [], endpointSlices: [] },
  ...rest,
});
const holding = (...names: string[]): DesiredState => ({ ...emptyState("cluster"), epoch: 1, revision: 5, pods: new Map(names.map((name) => [`pods/default/${name}`, pod(name)])) });

function apply(state: DesiredState, rest: Partial<PollResponse>) {
  const applied = applyAnswer(state, answer(rest));
  if (!applied.isAccepted) return applied;
  return { pods: [...applied.state.pods.keys()].map((key) => key.split("/")[2]), changed: [...applied.changed], isComplete: applied.isComplete, epoch: applied.state.epoch };
}

describe("applyAnswer", () => {
  it("adds to what is known when the answer is not complete", () => {
    expect(apply(holding("a"), { pods: [pod("b")] })).toMatchObject({ pods: ["a", "b"], changed: ["pods/default/b"], isComplete: false });
  });
  it("drops what a complete answer does not name", () => {
    expect(apply(holding("a", "b"), { complete: true, pods: [pod("b")] })).toMatchObject({ pods: ["b"], changed: ["pods/default/a"], isComplete: true });
  });
  it("removes by name and uid", () => {
    expect(apply(holding("a"), { removed: [{ key: "pods/default/a", uid: "uid-a" }] })).toMatchObject({ pods: [] });
  });
  it("keeps an object of the same name with another uid", () => {
    expect(apply(holding("a"), { removed: [{ key: "pods/default/a", uid: "older" }] })).toMatchObject({ pods: ["a"], changed: [] });
  });
  it("takes a pod that was replaced under its name in one answer", () => {
    const result = apply(holding("a"), { removed: [{ key: "pods/default/a", uid: "uid-a" }], pods: [pod("a", "uid-new")] });
    expect(result).toMatchObject({ pods: ["a"], changed: ["pods/default/a"] });
  });
  it("refuses the answer of another cluster", () => {
    expect(apply(holding("a"), { clusterUid: "other", complete: true })).toMatchObject({ isAccepted: false });
  });
  it("removes nothing on the word of an older epoch, but takes what it adds, and goes on from there", () => {
    const older = { complete: true, epoch: 0, pods: [pod("b")], removed: [{ key: "pods/default/a", uid: "uid-a" }] };
    expect(apply(holding("a"), older)).toMatchObject({ pods: ["a", "b"], isComplete: false, epoch: 0 });
  });
});
