import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { isSelected, matchesRule, type Rule } from "./matching.ts";
import { reviewOf } from "./testing.ts";

const object = (kind: string, apiVersion: string, metadata: object = {}): KubernetesObject => ({ apiVersion, kind, metadata: { name: "x", ...metadata } });
const pod = reviewOf(object("Pod", "v1", { namespace: "n" }));
const node = reviewOf(object("Node", "v1"));
const scaler = reviewOf(object("HorizontalPodAutoscaler", "autoscaling/v2", { namespace: "n" }));
const status = { ...pod, subresource: "status", operation: "UPDATE" as const };

const pods: Rule = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] };

describe("a rule", () => {
  it.each<[string, Rule, typeof pod, boolean]>([
    ["is about its resource", pods, pod, true],
    ["is about no other", pods, node, false],
    ["is about no other operation", { ...pods, operations: ["UPDATE"] }, pod, false],
    ["is about no other group", { ...pods, apiGroups: ["apps"] }, pod, false],
    ["may be about everything", { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] }, node, true],
    ["about everything is not about subresources", { ...pods, operations: ["*"], resources: ["*"] }, status, false],
    ["may be about every subresource", { ...pods, operations: ["*"], resources: ["pods/*"] }, status, true],
    ["may be about a subresource of everything", { ...pods, operations: ["*"], resources: ["*/status"] }, status, true],
    ["may be about objects in namespaces only", { ...pods, resources: ["*"], scope: "Namespaced" }, node, false],
    ["may be about objects in none only", { ...pods, resources: ["*"], scope: "Cluster" }, node, true],
    ["may name objects", { ...pods, resourceNames: ["y", "x"] }, pod, true],
    ["that names others is about none but them", { ...pods, resourceNames: ["y"] }, pod, false],
  ])("%s", (_, rule, review, isMatch) => {
    expect(matchesRule(rule, review, "Equivalent")).toBe(isMatch);
  });

  it("for another version of a resource is meant for this one, unless it shall be exact", () => {
    const rule: Rule = { operations: ["CREATE"], apiGroups: ["autoscaling"], apiVersions: ["v1"], resources: ["horizontalpodautoscalers"] };
    expect([matchesRule(rule, scaler, "Equivalent"), matchesRule(rule, scaler, "Exact")]).toEqual([true, false]);
  });
});

describe("a selector", () => {
  const selector = { matchLabels: { a: "b" } };
  const labelled = object("Namespace", "v1", { labels: { a: "b" } });
  const plain = object("Namespace", "v1");

  it("of namespaces looks at the object's, and at a namespace itself", () => {
    const within = (namespace: KubernetesObject | undefined, review = pod) => isSelected({ namespaceSelector: selector }, review, namespace);
    expect([within(labelled), within(plain), within(undefined), within(undefined, node)]).toEqual([true, false, false, true]);
    expect([within(undefined, reviewOf(labelled)), within(labelled, reviewOf(plain))]).toEqual([true, false]);
  });

  it("of objects is content with the old one or the new one", () => {
    const [before, after] = [object("Pod", "v1", { namespace: "n", labels: { a: "b" } }), pod.object];
    const stored = { ...before, metadata: { ...before.metadata, name: "x", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" } };
    const chosen = (review: typeof pod) => isSelected({ objectSelector: selector }, review, plain);
    expect([chosen(reviewOf(before)), chosen(pod), chosen({ ...pod, object: after, old: stored })]).toEqual([true, false, true]);
  });
});
