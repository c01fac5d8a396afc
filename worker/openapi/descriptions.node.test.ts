/** The texts as they are made for a build; with Node's own modules, so not a part of the Worker's types. */
import { expect, test } from "vitest";
import { readDescriptions } from "./generate-descriptions.ts";

const descriptions = readDescriptions();

test.each([
  ["a kind", descriptions["io.k8s.api.core.v1.Pod"]?.[0], /^Pod is a collection of containers/],
  ["a field", descriptions["io.k8s.api.core.v1.PodSpec"]?.[1]["dnsPolicy"], /^Set DNS policy for the pod\. Defaults to "ClusterFirst"/],
  ["a kind whose name two groups have", descriptions["io.k8s.api.events.v1.Event"]?.[1]["note"], /human-readable description/],
  ["its namesake", descriptions["io.k8s.api.core.v1.Event"]?.[1]["message"], /human-readable description/],
])("there is a text for %s", (_what, text, expected) => {
  expect(text).toMatch(expected);
});

test("nothing is kept of types and fields that are not served", () => {
  expect(descriptions["io.k8s.api.core.v1.PodList"]).toBeUndefined();
  expect(Object.values(descriptions["io.k8s.api.core.v1.Container"]?.[1] ?? {}).every((text) => text !== "")).toBe(true);
});
