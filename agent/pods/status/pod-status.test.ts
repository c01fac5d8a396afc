import { describe, expect, it } from "vitest";
import type { Pod, PodStatus } from "../../../protocol/kubernetes/generated/types.ts";
import type { ProbeResults } from "../observed.ts";
import { observedPod, testContainer, testPod, testSandbox, testStatus } from "../testing.ts";
import { podStatus, type PodStatusInput } from "./pod-status.ts";

const nowMs = Date.parse("2026-01-01T00:10:00Z");
const at = (second: number): string => `1970-01-01T00:00:0${second}Z`;
const ready: ProbeResults = { isStarted: true, isReady: true, isAlive: true };
const crash = { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container=main pod=web_default(uid-1)" };

function statusOf(given: Partial<PodStatusInput>): PodStatus {
  return podStatus({
    pod: testPod(),
    observed: observedPod([testSandbox()]),
    probes: new Map([["main-0", ready], ["main-1", ready]]),
    waiting: new Map(),
    terminationMessages: new Map(),
    isEnding: false,
    hostIps: ["192.0.2.1"],
    nowMs,
    ...given,
  });
}

const condition = (status: PodStatus, type: string) => status.conditions?.find((candidate) => candidate.type === type);
const main = (status: PodStatus) => status.containerStatuses?.[0];
const withPolicy = (restartPolicy: string, rest: Partial<Pod> = {}) => testPod({ restartPolicy }, rest);
const exited = (exitCode: number) => observedPod([testSandbox()], testStatus("main", "exited", { exitCode, reason: exitCode === 0 ? "Completed" : "Error" }));

describe("podStatus", () => {
  it("reports a running pod whole", () => {
    const status = statusOf({ observed: observedPod([testSandbox()], testStatus("main", "running")) });
    expect(status).toMatchObject({
      phase: "Running",
      hostIP: "192.0.2.1",
      hostIPs: [{ ip: "192.0.2.1" }],
      podIP: "10.0.0.1",
      podIPs: [{ ip: "10.0.0.1" }],
      startTime: "2026-01-01T00:10:00Z",
    });
    expect(status.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
      "PodReadyToStartContainers=True",
      "Initialized=True",
      "Ready=True",
      "ContainersReady=True",
      "PodScheduled=True",
    ]);
    expect(main(status)).toEqual({
      name: "main",
      state: { running: { startedAt: at(2) } },
      lastState: {},
      ready: true,
      started: true,
      restartCount: 0,
      image: "app:1",
      imageID: "sha256:app",
      containerID: "containerd://main-0",
      resources: {},
    });
  });

  it("says what a new pod waits for", () => {
    const status = statusOf({ observed: observedPod([]) });
    expect(status.phase).toBe("Pending");
    expect(main(status)).toMatchObject({ state: { waiting: { reason: "ContainerCreating" } }, ready: false, image: "app:1", imageID: "" });
    expect(condition(status, "Ready")).toMatchObject({ status: "False", reason: "ContainersNotReady", message: "containers with unready status: [main]" });
    expect(condition(status, "PodReadyToStartContainers")?.status).toBe("False");
  });

  it("names PodInitializing and the incomplete init containers", () => {
    const pod = testPod({ initContainers: [testContainer("a"), testContainer("b")] });
    const status = statusOf({ pod, observed: observedPod([testSandbox()], testStatus("a", "running")) });
    expect(status.phase).toBe("Pending");
    expect(main(status)?.state).toEqual({ waiting: { reason: "PodInitializing" } });
    expect(condition(status, "Initialized")).toMatchObject({ status: "False", reason: "ContainersNotInitialized", message: "containers with incomplete status: [a b]" });
  });

  it("keeps the pod Running in CrashLoopBackOff, with the end as its last state", () => {
    const status = statusOf({ observed: exited(1), waiting: new Map([["main", crash]]) });
    expect(status.phase).toBe("Running");
    expect(main(status)).toMatchObject({ state: { waiting: crash }, lastState: { terminated: { exitCode: 1, reason: "Error", finishedAt: at(3) } } });
  });

  it("gives a restarted container its last end and count", () => {
    const observed = observedPod([testSandbox()], testStatus("main", "exited", { exitCode: 2 }), testStatus("main", "running", { attempt: 1 }));
    expect(main(statusOf({ observed }))).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 2, containerID: "containerd://main-0" } } });
  });

  it("puts a container's termination message into its end", () => {
    const status = statusOf({ observed: exited(1), terminationMessages: new Map([["main-0", "no config"]]) });
    expect(main(status)?.state?.terminated?.message).toBe("no config");
  });

  it("keeps a condition's transition time while its status stays, and moves it with the status", () => {
    const lastTransitionTime = "2026-01-01T00:00:01Z";
    const conditions = [{ type: "Ready", status: "True", lastTransitionTime }, { type: "Initialized", status: "False", lastTransitionTime }];
    const status = statusOf({ pod: testPod({}, { status: { conditions } }), observed: observedPod([testSandbox()], testStatus("main", "running")) });
    expect(condition(status, "Ready")?.lastTransitionTime).toBe(lastTransitionTime);
    expect(condition(status, "Initialized")?.lastTransitionTime).toBe("2026-01-01T00:10:00Z");
  });

  it("keeps the scheduler's and other writers' conditions", () => {
    const conditions = [{ type: "PodScheduled", status: "True", lastTransitionTime: at(1) }, { type: "example.com/gate", status: "True" }];
    const status = statusOf({ pod: testPod({}, { status: { conditions } }) });
    expect(condition(status, "PodScheduled")?.lastTransitionTime).toBe(at(1));
    expect(condition(status, "example.com/gate")).toEqual({ type: "example.com/gate", status: "True" });
  });

  it("is not ready while a readiness gate is missing", () => {
    const pod = testPod({ readinessGates: [{ conditionType: "example.com/gate" }] });
    const status = statusOf({ pod, observed: observedPod([testSandbox()], testStatus("main", "running")) });
    expect(condition(status, "ContainersReady")?.status).toBe("True");
    expect(condition(status, "Ready")).toMatchObject({ status: "False", reason: "ReadinessGatesNotReady" });
  });

  it("counts a container as ready and started only by its probes", () => {
    const observed = observedPod([testSandbox()], testStatus("main", "running"));
    const status = statusOf({ observed, probes: new Map([["main-0", { isStarted: true, isReady: false, isAlive: true }]]) });
    expect(main(status)).toMatchObject({ started: true, ready: false });
    expect(status.phase).toBe("Running");
  });

  it("keeps the address of a pod whose sandbox stopped", () => {
    const pod = testPod({}, { status: { podIP: "10.0.0.9", podIPs: [{ ip: "10.0.0.9" }] } });
    expect(statusOf({ pod, observed: observedPod([testSandbox({ state: "notready", ips: [] })]) }).podIP).toBe("10.0.0.9");
  });

  it("gives a pod on the host's network the host's address", () => {
    const pod = testPod({ hostNetwork: true });
    expect(statusOf({ pod, observed: observedPod([testSandbox({ ips: [] })]) }).podIP).toBe("192.0.2.1");
  });

  it("fails a refused pod with its reason and no containers", () => {
    const status = statusOf({ observed: observedPod([]), failure: { reason: "OutOfcpu", message: "no cpu" } });
    expect(status).toMatchObject({ phase: "Failed", reason: "OutOfcpu", message: "no cpu" });
    expect(status.containerStatuses).toBeUndefined();
  });

  const phases: { sentence: string; given: Partial<PodStatusInput>; phase: string; reason?: string }[] = [
    { sentence: "Always: an ended container leaves the pod Running", given: { observed: exited(0) }, phase: "Running" },
    { sentence: "Never: a success makes it Succeeded", given: { pod: withPolicy("Never"), observed: exited(0) }, phase: "Succeeded", reason: "PodCompleted" },
    { sentence: "Never: a failure makes it Failed", given: { pod: withPolicy("Never"), observed: exited(1) }, phase: "Failed", reason: "PodFailed" },
    { sentence: "OnFailure: a failure leaves it Running", given: { pod: withPolicy("OnFailure"), observed: exited(1) }, phase: "Running" },
    { sentence: "a final phase stays", given: { pod: withPolicy("Always", { status: { phase: "Succeeded" } }), observed: exited(1) }, phase: "Succeeded" },
    { sentence: "a pod that is taken down has failed if its container was killed", given: { observed: exited(137), isEnding: true }, phase: "Failed" },
    { sentence: "a pod that is taken down has succeeded if its container ended well", given: { observed: exited(0), isEnding: true }, phase: "Succeeded" },
    {
      sentence: "Never: a failed init container fails it",
      given: { pod: testPod({ restartPolicy: "Never", initContainers: [testContainer("init")] }), observed: observedPod([testSandbox()], testStatus("init", "exited", { exitCode: 1 })) },
      phase: "Failed",
    },
  ];
  it.each(phases)("$sentence", ({ given, phase, reason }) => {
    const status = statusOf(given);
    expect(status.phase).toBe(phase);
    if (reason !== undefined) expect(condition(status, "Ready")?.reason).toBe(reason);
  });
});
