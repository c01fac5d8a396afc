import { describe, expect, it } from "vitest";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { humanDuration } from "./duration.ts";
import { resourceOf } from "./registry.ts";

const now = Date.parse("2026-01-02T00:00:00Z");

/** The cells of an object's row by their column's name. */
function row(object: KubernetesObject): Record<string, unknown> {
  const stored = { ...object, metadata: { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T23:55:00Z", ...object.metadata } };
  const columns = resourceOf(object)?.columns ?? [];
  return Object.fromEntries(columns.map((column) => [column.name, column.cell(stored as Stored<KubernetesObject>, now)]));
}

describe("a duration for people", () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  it.each([
    [-5 * second, "<invalid>"],
    [0, "0s"],
    [119 * second, "119s"],
    [2 * minute, "2m"],
    [5 * minute + 30 * second, "5m30s"],
    [10 * minute + 59 * second, "10m"],
    [179 * minute, "179m"],
    [3 * hour + 5 * minute, "3h5m"],
    [8 * hour + 5 * minute, "8h"],
    [47 * hour, "47h"],
    [2 * day + 4 * hour, "2d4h"],
    [8 * day + 4 * hour, "8d"],
    [729 * day, "729d"],
    [3 * 365 * day + 35 * day, "3y35d"],
    [9 * 365 * day, "9y"],
  ])("%d ms is %s", (milliseconds, text) => {
    expect(humanDuration(milliseconds)).toBe(text);
  });
});

describe("a pod's row", () => {
  const running = (name: string) => ({ name, ready: true, restartCount: 0, state: { running: {} } });
  const pod = (status: object, more: object = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    spec: { containers: [{ name: "a" }, { name: "b" }], initContainers: [{ name: "i" }, { name: "j" }], ...more },
    status,
  });
  const rows: [sentence: string, object: KubernetesObject, ready: string, status: string, restarts: string][] = [
    ["says the phase when nothing has begun", pod({ phase: "Pending" }), "0/2", "Pending", "0"],
    ["says why a container waits", pod({ phase: "Pending", containerStatuses: [{ ...running("a"), ready: false, state: { waiting: { reason: "ErrImagePull" } } }] }), "0/2", "ErrImagePull", "0"],
    ["says Running when all run", pod({ phase: "Running", containerStatuses: [running("a"), running("b")] }), "2/2", "Running", "0"],
    ["counts restarts, and how long ago the last was", pod({ phase: "Running", containerStatuses: [{ ...running("a"), restartCount: 3, lastState: { terminated: { finishedAt: "2026-01-01T23:54:30Z" } } }, running("b")] }), "2/2", "Running", "3 (5m30s ago)"],
    ["says the exit code of an end without a reason", pod({ phase: "Failed", containerStatuses: [{ name: "a", restartCount: 0, ready: false, state: { terminated: { exitCode: 3 } } }] }), "0/2", "ExitCode:3", "0"],
    ["says the signal of an end without a reason", pod({ phase: "Failed", containerStatuses: [{ name: "a", restartCount: 0, ready: false, state: { terminated: { exitCode: 137, signal: 9 } } }] }), "0/2", "Signal:9", "0"],
    ["says NotReady when one ended and the other runs", pod({ phase: "Running", containerStatuses: [{ name: "a", restartCount: 0, ready: false, state: { terminated: { reason: "Completed", exitCode: 0 } } }, running("b")] }), "1/2", "NotReady", "0"],
    ["says Running then if the pod is ready", pod({ phase: "Running", conditions: [{ type: "Ready", status: "True" }], containerStatuses: [{ name: "a", restartCount: 0, ready: false, state: { terminated: { reason: "Completed", exitCode: 0 } } }, running("b")] }), "1/2", "Running", "0"],
    ["counts init containers", pod({ phase: "Pending", initContainerStatuses: [{ name: "i", restartCount: 0, ready: true, state: { terminated: { exitCode: 0 } } }, { name: "j", restartCount: 0, ready: false, state: { running: {} } }] }), "0/2", "Init:1/2", "0"],
    ["says why an init container fails", pod({ phase: "Pending", initContainerStatuses: [{ name: "i", restartCount: 2, ready: false, state: { waiting: { reason: "CrashLoopBackOff" } } }] }), "0/2", "Init:CrashLoopBackOff", "2"],
    ["says Terminating when it is being deleted", { ...pod({ phase: "Running", containerStatuses: [running("a"), running("b")] }), metadata: { deletionTimestamp: "2026-01-02T00:00:00Z" } }, "2/2", "Terminating", "0"],
    ["says Completed though it is being deleted", { ...pod({ phase: "Succeeded", containerStatuses: [{ name: "a", restartCount: 0, ready: false, state: { terminated: { reason: "Completed", exitCode: 0 } } }] }), metadata: { deletionTimestamp: "2026-01-02T00:00:00Z" } }, "0/2", "Completed", "0"],
    ["says Unknown on a lost node", { ...pod({ phase: "Running", reason: "NodeLost" }), metadata: { deletionTimestamp: "2026-01-02T00:00:00Z" } }, "0/2", "Unknown", "0"],
    ["says why the pod was evicted", pod({ phase: "Failed", reason: "Evicted" }), "0/2", "Evicted", "0"],
    ["says that it is held back", pod({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] }), "0/2", "SchedulingGated", "0"],
    ["counts a sidecar among its containers", pod({ phase: "Running", initContainerStatuses: [{ ...running("i"), started: true }], containerStatuses: [running("a"), running("b")] }, { initContainers: [{ name: "i", restartPolicy: "Always" }] }), "3/3", "Running", "0"],
  ];
  it.each(rows)("%s", (_, object, ready, status, restarts) => {
    const cells = row(object);
    expect([cells["Ready"], cells["Status"], cells["Restarts"]]).toEqual([ready, status, restarts]);
  });
});

describe("the rows of other kinds", () => {
  const rows: [sentence: string, object: KubernetesObject, cells: Record<string, unknown>][] = [
    ["a Deployment's", { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: { spec: { containers: [{ name: "a", image: "i:1" }] } } }, status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 } }, { Ready: "2/3", "Up-to-date": 3, Available: 1, Age: "5m", Containers: "a", Images: "i:1", Selector: "app=web" }],
    ["a ReplicaSet's", { apiVersion: "apps/v1", kind: "ReplicaSet", spec: { replicas: 3 }, status: { replicas: 2, readyReplicas: 1 } }, { Desired: 3, Current: 2, Ready: 1 }],
    ["a StatefulSet's", { apiVersion: "apps/v1", kind: "StatefulSet", spec: { replicas: 3 }, status: { replicas: 2, readyReplicas: 1 } }, { Ready: "1/3" }],
    ["a Service's", { apiVersion: "v1", kind: "Service", spec: { type: "NodePort", clusterIP: "10.96.0.5", ports: [{ port: 80, nodePort: 30080, protocol: "TCP" }, { port: 53, protocol: "UDP" }], selector: { b: "2", a: "1" } } }, { Type: "NodePort", "Cluster-IP": "10.96.0.5", "External-IP": "<none>", "Port(s)": "80:30080/TCP,53/UDP", Selector: "a=1,b=2" }],
    ["a load balancer's", { apiVersion: "v1", kind: "Service", spec: { type: "LoadBalancer" } }, { "External-IP": "<pending>", "Port(s)": "<none>" }],
    ["an Endpoints'", { apiVersion: "v1", kind: "Endpoints", subsets: [{ addresses: ["1", "2", "3", "4", "5"].map((ip) => ({ ip })), ports: [{ port: 80 }] }] }, { Endpoints: "1:80,2:80,3:80 + 2 more..." }],
    ["an empty Endpoints'", { apiVersion: "v1", kind: "Endpoints" }, { Endpoints: "<none>" }],
    ["an EndpointSlice's", { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4", ports: [{ port: 80 }], endpoints: [{ addresses: ["10.0.0.1"] }] }, { AddressType: "IPv4", Ports: "80", Endpoints: "10.0.0.1" }],
    ["an empty EndpointSlice's", { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4", endpoints: [] }, { Ports: "<unset>", Endpoints: "<unset>" }],
    ["a ready Node's", { apiVersion: "v1", kind: "Node", metadata: { labels: { "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": "" } }, status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { kubeletVersion: "v1.35.0" }, addresses: [{ type: "InternalIP", address: "10.0.0.1" }] } }, { Status: "Ready", Roles: "edge,worker", Version: "v1.35.0", "Internal-IP": "10.0.0.1", "External-IP": "<none>" }],
    ["a cordoned, silent Node's", { apiVersion: "v1", kind: "Node", spec: { unschedulable: true }, status: { conditions: [{ type: "Ready", status: "Unknown" }] } }, { Status: "NotReady,SchedulingDisabled", Roles: "<none>" }],
    ["a ConfigMap's", { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" }, binaryData: { b: "MQ==" } }, { Data: 2 }],
    ["a Secret's", { apiVersion: "v1", kind: "Secret", type: "Opaque", data: { a: "MQ==" } }, { Type: "Opaque", Data: 1 }],
    ["an Event's", { apiVersion: "v1", kind: "Event", involvedObject: { kind: "Pod", name: "web" }, type: "Normal", reason: "Started", message: " up\n", count: 2, source: { component: "agent", host: "n1" }, lastTimestamp: "2026-01-01T23:59:50Z" }, { "Last Seen": "10s", Object: "pod/web", Message: "up", Source: "agent, n1", Count: 2, "First Seen": "<unknown>" }],
    ["a ControllerRevision's", { apiVersion: "apps/v1", kind: "ControllerRevision", revision: 2, metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "u", controller: true }] } }, { Controller: "statefulset.apps/web", Revision: 2 }],
    ["a Lease's", { apiVersion: "coordination.k8s.io/v1", kind: "Lease", spec: { holderIdentity: "me" } }, { Holder: "me" }],
    ["a Namespace's", { apiVersion: "v1", kind: "Namespace", status: { phase: "Active" } }, { Status: "Active", Age: "5m" }],
  ];
  it.each(rows)("%s", (_, object, cells) => {
    expect(row(object)).toMatchObject(cells);
  });
});
