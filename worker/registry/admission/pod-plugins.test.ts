import { describe, expect, test } from "vitest";
import { admitted, contextWith, pod, refusal } from "./testing.ts";

describe("RuntimeClass", () => {
  const cluster = contextWith({
    "runtimeclasses.node.k8s.io": [{
      metadata: { name: "vm" }, handler: "vm", overhead: { podFixed: { cpu: "100m" } },
      scheduling: { nodeSelector: { vm: "yes" }, tolerations: [{ key: "vm", operator: "Exists" }] },
    }],
  });

  test("brings overhead, a node selector and tolerations", () => {
    const { spec } = admitted(pod({ runtimeClassName: "vm", nodeSelector: { a: "b" } }), cluster);
    expect(spec).toMatchObject({ overhead: { cpu: "100m" }, nodeSelector: { a: "b", vm: "yes" }, tolerations: expect.arrayContaining([{ key: "vm", operator: "Exists" }]) });
  });

  test.each([
    ["a class that is not there", pod({ runtimeClassName: "nope" }), 'pod rejected: RuntimeClass "nope" not found'],
    ["overhead without a class", pod({ overhead: { cpu: "1" } }), "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"],
    ["other overhead than the class's", pod({ runtimeClassName: "vm", overhead: { cpu: "1" } }), "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"],
    ["another node selector", pod({ runtimeClassName: "vm", nodeSelector: { vm: "no" } }), "pod rejected: conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no"],
  ])("refuses %s", (_, object, why) => {
    expect(refusal(() => admitted(object, cluster))).toBe(`403 pods "x" is forbidden: ${why}`);
  });
});

describe("DefaultTolerationSeconds", () => {
  test("lets a pod stay five minutes on a lost node, unless it says otherwise", () => {
    const key = "node.kubernetes.io/not-ready";
    const own = { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 };
    const { spec } = admitted(pod({ tolerations: [own] }));
    expect(spec["tolerations"]).toEqual([own, { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }]);
  });
});
