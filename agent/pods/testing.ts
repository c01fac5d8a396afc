/** For tests: pods and observations with only what a row wants to say. */
import type { Container, Pod, PodSpec } from "../../protocol/kubernetes/generated/types.ts";
import type { ContainerStatus, SandboxStatus } from "../runtime/runtime.ts";
import type { ObservedPod, StoredPod } from "./observed.ts";

export function testPod(spec: Partial<PodSpec> = {}, rest: Partial<Pod> = {}): StoredPod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    ...rest,
    metadata: {
      name: "web",
      namespace: "default",
      uid: "uid-1",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...rest.metadata,
    },
    spec: { restartPolicy: "Always", terminationGracePeriodSeconds: 30, containers: [testContainer("main")], ...spec },
    status: { phase: "Pending", ...rest.status },
  };
}

export function testContainer(name: string, rest: Partial<Container> = {}): Container {
  return { name, image: "app:1", imagePullPolicy: "IfNotPresent", ...rest };
}

export function testSandbox(rest: Partial<SandboxStatus> = {}): SandboxStatus {
  const { attempt = 0 } = rest;
  return {
    ...{ id: `sandbox-${attempt}`, name: "web", uid: "uid-1", namespace: "default", attempt },
    ...{ state: "ready", createdAtMs: 1000, labels: {}, annotations: {}, ips: ["10.0.0.1"], ...rest },
  };
}

export function testStatus(name: string, state: ContainerStatus["state"], rest: Partial<ContainerStatus> = {}): ContainerStatus {
  const { attempt = 0 } = rest;
  return {
    ...{ id: `${name}-${attempt}`, sandboxId: "sandbox-0", name, attempt, image: "app:1", imageRef: "sha256:app", state },
    ...{ createdAtMs: 1000, labels: {}, annotations: {}, startedAtMs: state === "created" ? 0 : 2000 },
    ...{ finishedAtMs: state === "exited" ? 3000 : 0, exitCode: 0, reason: state === "exited" ? "Completed" : "" },
    ...{ message: "", logPath: "" },
    ...rest,
  };
}

export function observedPod(sandboxes: SandboxStatus[], ...containers: ContainerStatus[]): ObservedPod {
  return { sandboxes, containers: containers.toSorted((a, b) => b.attempt - a.attempt) };
}
