import { describe, expect, it } from "vitest";
import { computePodActions, type PodAction, type PodSnapshot } from "./actions.ts";
import type { ProbeResults } from "./observed.ts";
import { observedPod, testContainer, testPod, testSandbox, testStatus } from "./testing.ts";

const nowMs = 100_000;
const nothing = observedPod([]);
const ready = [testSandbox()];
const dead = [testSandbox({ state: "notready" })];
const start = (name: string, attempt = 0, kind: "init" | "sidecar" | "main" = "main"): PodAction => {
  return { type: "startContainer", name, kind, attempt, sandboxId: "sandbox-0" };
};
const failedProbe: ProbeResults = { isStarted: true, isReady: false, isAlive: false, failed: "liveness" };
const started: ProbeResults = { isStarted: true, isReady: true, isAlive: true };

const never = { restartPolicy: "Never" };
const onFailure = { restartPolicy: "OnFailure" };
const twoInits = testPod({ initContainers: [testContainer("init-a"), testContainer("init-b")] });
const withSidecar = testPod({
  initContainers: [testContainer("side", { restartPolicy: "Always" }), testContainer("init")],
});

interface Row extends Partial<PodSnapshot> {
  sentence: string;
  then: PodAction[];
}

const rows: Row[] = [
  { sentence: "a new pod gets a sandbox first", observed: nothing, then: [{ type: "createSandbox", attempt: 0 }] },
  { sentence: "a ready sandbox gets its containers", observed: observedPod(ready), then: [start("main")] },
  {
    sentence: "all main containers start side by side",
    pod: testPod({ containers: [testContainer("a"), testContainer("b")] }),
    observed: observedPod(ready),
    then: [start("a"), start("b")],
  },
  { sentence: "a running pod needs nothing", observed: observedPod(ready, testStatus("main", "running")), then: [] },
  {
    sentence: "a container that ended is started again as the next attempt",
    observed: observedPod(ready, testStatus("main", "exited", { attempt: 2 })),
    then: [start("main", 3)],
  },
  {
    sentence: "a container whose attempts are gone goes on counting from the API's restart count",
    pod: testPod({}, {
      status: { containerStatuses: [{ name: "main", restartCount: 4, ready: true, image: "", imageID: "", state: { running: {} } }] },
    }),
    observed: observedPod(ready),
    then: [start("main", 5)],
  },
  {
    sentence: "a container in back-off waits",
    observed: observedPod(ready, testStatus("main", "exited", { exitCode: 1 })),
    notBeforeMs: new Map([["main", nowMs + 10]]),
    then: [{ type: "backOff", name: "main", untilMs: nowMs + 10 }],
  },
  {
    sentence: "a container whose back-off is over starts",
    observed: observedPod(ready, testStatus("main", "exited", { exitCode: 1 })),
    notBeforeMs: new Map([["main", nowMs]]),
    then: [start("main", 1)],
  },
  {
    sentence: "a container that was created but never started is replaced",
    observed: observedPod(ready, testStatus("main", "created")),
    then: [start("main", 1)],
  },
  {
    sentence: "restartPolicy OnFailure leaves a success alone and ends the pod",
    pod: testPod(onFailure),
    observed: observedPod(ready, testStatus("main", "exited")),
    then: [{ type: "endPod" }],
  },
  {
    sentence: "restartPolicy OnFailure restarts a failure",
    pod: testPod(onFailure),
    observed: observedPod(ready, testStatus("main", "exited", { exitCode: 1 })),
    then: [start("main", 1)],
  },
  {
    sentence: "restartPolicy Never ends the pod after a failure",
    pod: testPod(never),
    observed: observedPod(ready, testStatus("main", "exited", { exitCode: 1 })),
    then: [{ type: "endPod" }],
  },
  {
    sentence: "restartPolicy Never waits for the other container",
    pod: testPod({ ...never, containers: [testContainer("a"), testContainer("b")] }),
    observed: observedPod(ready, testStatus("a", "exited"), testStatus("b", "running")),
    then: [],
  },
  {
    sentence: "a dead sandbox is replaced, and what runs in it stopped",
    observed: observedPod(dead, testStatus("main", "running")),
    then: [{ type: "stopSandbox", sandboxId: "sandbox-0" }, { type: "createSandbox", attempt: 1 }],
  },
  {
    sentence: "a dead sandbox of a pod that never restarts and has ended is left",
    pod: testPod(never),
    observed: observedPod(dead, testStatus("main", "exited", { exitCode: 137 })),
    then: [],
  },
  {
    sentence: "a second ready sandbox is stopped, the newest stays",
    observed: observedPod([testSandbox({ attempt: 1 }), testSandbox({ attempt: 0 })], testStatus("main", "running", { sandboxId: "sandbox-1" })),
    then: [{ type: "stopSandbox", sandboxId: "sandbox-0" }],
  },
  { sentence: "the first init container goes first", pod: twoInits, observed: observedPod(ready), then: [start("init-a", 0, "init")] },
  {
    sentence: "nothing starts while an init container runs",
    pod: twoInits,
    observed: observedPod(ready, testStatus("init-a", "running")),
    then: [],
  },
  {
    sentence: "the next init container follows a success",
    pod: twoInits,
    observed: observedPod(ready, testStatus("init-a", "exited")),
    then: [start("init-b", 0, "init")],
  },
  {
    sentence: "the main containers follow the last init container",
    pod: twoInits,
    observed: observedPod(ready, testStatus("init-a", "exited"), testStatus("init-b", "exited")),
    then: [start("main")],
  },
  {
    sentence: "a failed init container is repeated",
    pod: twoInits,
    observed: observedPod(ready, testStatus("init-a", "exited", { exitCode: 1 })),
    then: [start("init-a", 1, "init")],
  },
  {
    sentence: "a failed init container blocks a pod that never restarts",
    pod: testPod({ ...never, initContainers: [testContainer("init-a")] }),
    observed: observedPod(ready, testStatus("init-a", "exited", { exitCode: 1 })),
    then: [],
  },
  {
    sentence: "init containers run again in a new sandbox",
    pod: twoInits,
    observed: observedPod([testSandbox({ attempt: 1, id: "sandbox-1" })], testStatus("init-a", "exited")),
    then: [{ type: "startContainer", name: "init-a", kind: "init", attempt: 1, sandboxId: "sandbox-1" }],
  },
  {
    sentence: "collected init containers do not run again under running mains",
    pod: twoInits,
    observed: observedPod(ready, testStatus("main", "running")),
    then: [],
  },
  { sentence: "a sidecar starts in its place among the init containers", pod: withSidecar, observed: observedPod(ready), then: [start("side", 0, "sidecar")] },
  {
    sentence: "those after a sidecar wait until it has started",
    pod: withSidecar,
    observed: observedPod(ready, testStatus("side", "running")),
    then: [],
  },
  {
    sentence: "a started sidecar lets the next init container run",
    pod: withSidecar,
    observed: observedPod(ready, testStatus("side", "running")),
    probes: new Map([["side-0", started]]),
    then: [start("init", 0, "init")],
  },
  {
    sentence: "a sidecar that ended is restarted beside running mains",
    pod: withSidecar,
    observed: observedPod(ready, testStatus("side", "exited"), testStatus("main", "running")),
    then: [start("side", 1, "sidecar")],
  },
  {
    sentence: "when the mains have ended the sidecar does not keep the pod",
    pod: testPod({ ...never, initContainers: [testContainer("side", { restartPolicy: "Always" })] }),
    observed: observedPod(ready, testStatus("side", "running"), testStatus("main", "exited")),
    then: [{ type: "endPod" }],
  },
  {
    sentence: "a failed liveness probe kills the container",
    observed: observedPod(ready, testStatus("main", "running")),
    probes: new Map([["main-0", failedProbe]]),
    then: [{ type: "killContainer", containerId: "main-0", name: "main", reason: "liveness" }],
  },
  {
    sentence: "another image in the spec kills the container that was made from the old one",
    observed: observedPod(ready, testStatus("main", "running", { annotations: { "kedge.dev/spec-image": "app:0" } })),
    then: [{ type: "killContainer", containerId: "main-0", name: "main", reason: "changed" }],
  },
  {
    sentence: "a pod whose phase is final runs nothing again",
    pod: testPod({}, { status: { phase: "Failed" } }),
    observed: nothing,
    then: [],
  },
  {
    sentence: "a pod whose phase is final is ended if it still runs",
    pod: testPod({}, { status: { phase: "Failed" } }),
    observed: observedPod(ready, testStatus("main", "running")),
    then: [{ type: "endPod" }],
  },
];

describe("computePodActions", () => {
  it.each(rows)("$sentence", ({ then, sentence: _, ...given }) => {
    const snapshot = { pod: testPod(), observed: nothing, probes: new Map(), notBeforeMs: new Map(), nowMs, ...given };
    expect(computePodActions(snapshot)).toEqual(then);
  });
});
