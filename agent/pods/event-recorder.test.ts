import { expect, it } from "vitest";
import type { Event } from "../../protocol/kubernetes/generated/types.ts";
import { EventRecorder } from "./event-recorder.ts";
import type { StoredPod } from "./observed.ts";

const pod = { metadata: { name: "web", namespace: "ns", uid: "u", resourceVersion: "1" } } as StoredPod;

it("names events so that those of one moment are described in their order", () => {
  const told: Event[] = [];
  const clock = { now: () => 1_700_000_000_000 } as ConstructorParameters<typeof EventRecorder>[0]["clock"];
  const recorder = new EventRecorder({ clock, nodeName: "node", send: (event) => told.push(event) });
  for (const reason of ["Pulled", "Created", "Started"]) recorder.forPod(pod, { type: "Normal", reason, message: reason });
  const names = told.map(({ metadata }) => metadata.name ?? "");
  expect(new Set(names).size).toBe(3);
  expect(names.toSorted()).toEqual(names);
});
