import { expect, it } from "vitest";
import { observeObject, type Observation } from "./observe.ts";
import { Picture } from "./picture.ts";

it.each([
  ["waits for a node", {}, {}, ["pods/default/web"]],
  ["waits for another scheduler", { schedulerName: "somebody" }, {}, []],
  ["is bound", { nodeName: "a" }, {}, []],
  ["has ended", {}, { phase: "Failed" }, []],
])("of a pod that %s, the text is kept only for us to bind it", (_sentence, spec, status, kept) => {
  const observation: Observation = { picture: new Picture(), waiting: new Map() };
  const text = JSON.stringify({ metadata: { name: "web", namespace: "default", uid: "u" }, spec: { containers: [], ...spec }, status });
  observeObject(observation, { key: "pods/default/web", revision: 2, text });
  expect([...observation.waiting.keys()]).toEqual(kept);
  expect(observation.picture.waiting().map(({ key }) => key)).toEqual(kept);
});
