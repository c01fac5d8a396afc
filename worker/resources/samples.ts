/** For tests: of every kind one object that the API takes as it is, with every field that the kind requires. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { apiVersionOf } from "./registry.ts";
import type { Resource } from "./resource.ts";

export interface Sample {
  object: KubernetesObject;
  /** Of kinds with a status: one that its controller might write. */
  status?: Record<string, unknown>;
}

export const sampleNamespace = "samples";
const name = "sample";

export function sampleOf(resource: Resource): Sample {
  const found = byKind.get(`${apiVersionOf(resource)}/${resource.kind}`);
  if (found === undefined) throw new Error(`no sample of ${resource.kind}: add one to samples.ts`);
  return structuredClone(found);
}

/** Names for more objects like the sample. */
export function anotherName({ object }: Sample, at: number): string {
  // An IPAddress is called like the address.
  return object.kind === "IPAddress" ? `10.9.9.${at}` : `${object.metadata?.name ?? name}-${at}`;
}

/** The sample under another name, with what has to be said of the name elsewhere. */
export function renamed(object: KubernetesObject, to: string): KubernetesObject {
  const copy: KubernetesObject = { ...structuredClone(object), metadata: { ...object.metadata, name: to } };
  // An APIService is called like its version and group.
  if (object.kind === "APIService") copy["spec"] = { ...Object(object["spec"]), group: to.slice("v1.".length) };
  return copy;
}

function sample(apiVersion: string, kind: string, rest: Record<string, unknown>, status?: Record<string, unknown>): Sample {
  return { object: { apiVersion, kind, metadata: { name }, ...rest }, ...(status === undefined ? {} : { status }) };
}

const labels = { app: "web" };
const selector = { matchLabels: labels };
const podSpec = { containers: [{ name: "web", image: "web:1" }] };
const template = { metadata: { labels }, spec: podSpec };
const time = "2026-01-01T00:00:00Z";
const condition = { type: "Ready", status: "True", reason: "Done", message: "done", lastTransitionTime: time };

const core: Sample[] = [
  sample("v1", "ConfigMap", { data: { a: "1" } }),
  sample("v1", "Endpoints", { subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }] }),
  sample("v1", "Event", { involvedObject: { kind: "Pod", name: "p", namespace: sampleNamespace }, reason: "Done", type: "Normal" }),
  sample("v1", "LimitRange", { spec: { limits: [{ type: "Container", max: { cpu: "2" }, min: { cpu: "1" } }] } }),
  sample("v1", "Namespace", { metadata: { name: "sample-namespace" } }, { phase: "Active", conditions: [condition] }),
  sample("v1", "Node", { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } }, { capacity: { cpu: "1" }, allocatable: { cpu: "1" } }),
  sample(
    "v1",
    "PersistentVolume",
    { spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, csi: { driver: "csi.example.com", volumeHandle: "h" } } },
    { phase: "Available" },
  ),
  sample(
    "v1",
    "PersistentVolumeClaim",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "" } },
    { phase: "Bound", capacity: { storage: "1Gi" } },
  ),
  sample("v1", "Pod", { spec: podSpec }, { phase: "Running", qosClass: "BestEffort", conditions: [{ type: "Ready", status: "True" }] }),
  sample("v1", "PodTemplate", { template }),
  sample("v1", "ReplicationController", { spec: { selector: labels, template } }, { replicas: 1 }),
  sample("v1", "ResourceQuota", { spec: { hard: { pods: "2" } } }, { hard: { pods: "2" }, used: { pods: "1" } }),
  sample("v1", "Secret", { data: { a: "MQ==" } }),
  sample("v1", "ServiceAccount", { automountServiceAccountToken: false }),
  sample("v1", "Service", { spec: { ports: [{ port: 80 }], selector: labels } }, { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } }),
];

const rule = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const rbac = "rbac.authorization.k8s.io";
const access: Sample[] = [
  sample(`${rbac}/v1`, "ClusterRole", { rules: [rule, { nonResourceURLs: ["/healthz"], verbs: ["get"] }] }),
  sample(`${rbac}/v1`, "ClusterRoleBinding", { roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "r" }, subjects: [{ kind: "User", name: "u" }] }),
  sample(`${rbac}/v1`, "Role", { rules: [rule] }),
  sample(`${rbac}/v1`, "RoleBinding", { roleRef: { apiGroup: rbac, kind: "Role", name: "r" }, subjects: [{ kind: "Group", name: "g" }] }),
  sample(
    "certificates.k8s.io/v1",
    "CertificateSigningRequest",
    { spec: { request: btoa("-----BEGIN CERTIFICATE REQUEST-----\nMQ==\n-----END CERTIFICATE REQUEST-----\n"), signerName: "example.com/s", usages: ["client auth"] } },
    { certificate: btoa("-----BEGIN CERTIFICATE-----\nMQ==\n-----END CERTIFICATE-----\n") },
  ),
];

const webhook = {
  name: "check.example.com",
  clientConfig: { service: { namespace: "default", name: "hooks", path: "/check" } },
  rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
  matchConditions: [{ name: "always", expression: "true" }],
};
const admission: Sample[] = [
  sample("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", { webhooks: [webhook] }),
  sample("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", { webhooks: [webhook] }),
  sample(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicy",
    {
      spec: {
        matchConstraints: { resourceRules: webhook.rules },
        validations: [{ expression: "true" }],
        variables: [{ name: "v", expression: "1" }],
        auditAnnotations: [{ key: "k", valueExpression: "'v'" }],
      },
    },
    { observedGeneration: 1, conditions: [condition] },
  ),
  sample("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", { spec: { policyName: "p", validationActions: ["Deny"] } }),
  sample("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy", {
    spec: {
      matchConstraints: { resourceRules: webhook.rules },
      mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/metadata/labels', value: {'a': 'b'}}]" } }],
      reinvocationPolicy: "Never",
    },
  }),
  sample("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicyBinding", { spec: { policyName: "p" } }),
];

const apps: Sample[] = [
  sample("apps/v1", "ControllerRevision", { data: { a: 1 }, revision: 1 }),
  sample(
    "apps/v1",
    "DaemonSet",
    { spec: { selector, template } },
    { currentNumberScheduled: 1, desiredNumberScheduled: 1, numberMisscheduled: 0, numberReady: 1 },
  ),
  sample("apps/v1", "Deployment", { spec: { selector, template } }, { observedGeneration: 1, replicas: 1 }),
  sample("apps/v1", "ReplicaSet", { spec: { selector, template } }, { observedGeneration: 1, replicas: 1 }),
  sample("apps/v1", "StatefulSet", { spec: { selector, template, serviceName: "web" } }, { observedGeneration: 1, replicas: 1, availableReplicas: 0 }),
];

const jobSpec = { template: { spec: { ...podSpec, restartPolicy: "Never" } } };
const scaled = { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } };
const pods = { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } };
const autoscaled: Sample[] = [
  sample("autoscaling/v2", "HorizontalPodAutoscaler", { spec: { ...scaled, metrics: [{ type: "Pods", pods }], behavior: { scaleUp: {} } } }, { desiredReplicas: 2 }),
  sample(
    "autoscaling/v1",
    "HorizontalPodAutoscaler",
    { metadata: { name: "sample-v1" }, spec: { ...scaled, targetCPUUtilizationPercentage: 50 } },
    { currentReplicas: 1, desiredReplicas: 2, currentCPUUtilizationPercentage: 60 },
  ),
  sample("batch/v1", "CronJob", { spec: { schedule: "*/5 * * * *", jobTemplate: { spec: jobSpec } } }, { lastScheduleTime: time }),
  sample("batch/v1", "Job", { spec: jobSpec }, { active: 1, startTime: time }),
  sample(
    "policy/v1",
    "PodDisruptionBudget",
    { spec: { minAvailable: "50%", selector } },
    { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0, expectedPods: 1 },
  ),
];

const networking: Sample[] = [
  sample(
    "networking.k8s.io/v1",
    "Ingress",
    { spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] } }] } },
    { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } },
  ),
  sample("networking.k8s.io/v1", "IngressClass", {
    spec: { controller: "example.com/c", parameters: { apiGroup: "example.com", kind: "Config", name: "c" } },
  }),
  sample("networking.k8s.io/v1", "IPAddress", { metadata: { name: "10.9.9.0" }, spec: { parentRef: { resource: "services", namespace: "default", name: "web" } } }),
  sample("networking.k8s.io/v1", "NetworkPolicy", {
    spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: [{ port: 80 }] }] },
  }),
  sample("networking.k8s.io/v1", "ServiceCIDR", { spec: { cidrs: ["10.1.0.0/16"] } }, { conditions: [condition] }),
  sample("node.k8s.io/v1", "RuntimeClass", { handler: "runc" }),
];

const storage: Sample[] = [
  sample("storage.k8s.io/v1", "CSIDriver", { spec: { tokenRequests: [{ audience: "a" }] } }),
  sample("storage.k8s.io/v1", "CSINode", { spec: { drivers: [{ name: "csi.example.com", nodeID: "n" }] } }),
  sample("storage.k8s.io/v1", "CSIStorageCapacity", { storageClassName: "fast", capacity: "1Gi" }),
  sample("storage.k8s.io/v1", "StorageClass", {
    provisioner: "csi.example.com",
    allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["a"] }] }],
  }),
  sample(
    "storage.k8s.io/v1",
    "VolumeAttachment",
    { spec: { attacher: "csi.example.com", nodeName: "n", source: { persistentVolumeName: "v" } } },
    { attached: true },
  ),
  sample("storage.k8s.io/v1", "VolumeAttributesClass", { driverName: "csi.example.com", parameters: { a: "b" } }),
];

const flow: Sample[] = [
  sample(
    "flowcontrol.apiserver.k8s.io/v1",
    "FlowSchema",
    {
      spec: {
        priorityLevelConfiguration: { name: "workload-low" },
        distinguisherMethod: { type: "ByUser" },
        rules: [
          {
            subjects: [
              { kind: "Group", group: { name: "g" } },
              { kind: "User", user: { name: "u" } },
              { kind: "ServiceAccount", serviceAccount: { name: "s", namespace: "n" } },
            ],
            resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["*"] }],
            nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz"] }],
          },
        ],
      },
    },
    { conditions: [condition] },
  ),
  sample(
    "flowcontrol.apiserver.k8s.io/v1",
    "PriorityLevelConfiguration",
    { spec: { type: "Limited", limited: { limitResponse: { type: "Queue", queuing: { queues: 8, handSize: 2, queueLengthLimit: 5 } } } } },
    { conditions: [condition] },
  ),
];

const request = { name: "gpu", exactly: { deviceClassName: "gpu", selectors: [{ cel: { expression: "true" } }] } };
const devices = { requests: [request], constraints: [{ requests: ["gpu"], matchAttribute: "example.com/a" }] };
const opaque = { driver: "gpu.example.com", parameters: { a: 1 } };
const claimed: Sample[] = [
  sample("resource.k8s.io/v1", "DeviceClass", { spec: { config: [{ opaque }], selectors: [{ cel: { expression: "true" } }] } }),
  sample(
    "resource.k8s.io/v1",
    "ResourceClaim",
    { spec: { devices } },
    { reservedFor: [{ resource: "pods", name: "p", uid: "u" }], allocation: {} },
  ),
  sample("resource.k8s.io/v1", "ResourceClaimTemplate", { spec: { spec: { devices } } }),
  sample("resource.k8s.io/v1", "ResourceSlice", {
    spec: { driver: "gpu.example.com", pool: { name: "p", generation: 1, resourceSliceCount: 1 }, nodeName: "n", devices: [{ name: "gpu-0" }] },
  }),
];

const others: Sample[] = [
  sample(
    "apiregistration.k8s.io/v1",
    "APIService",
    {
      metadata: { name: "v1.example.com" },
      spec: { group: "example.com", version: "v1", groupPriorityMinimum: 1000, versionPriority: 15, service: { namespace: "default", name: "api" } },
    },
    { conditions: [{ type: "Available", status: "True", lastTransitionTime: time }] },
  ),
  sample("coordination.k8s.io/v1", "Lease", { spec: { holderIdentity: "me", leaseDurationSeconds: 15 } }),
  sample("discovery.k8s.io/v1", "EndpointSlice", { addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"] }], ports: [{ port: 80 }] }),
  sample("events.k8s.io/v1", "Event", {
    metadata: { name: "sample-of-group" },
    eventTime: "2026-01-01T00:00:00.000000Z",
    reportingController: "example.com/c",
    reportingInstance: "c-0",
    action: "Doing",
    reason: "Done",
    type: "Normal",
    regarding: { kind: "Pod", name: "p", namespace: sampleNamespace },
  }),
  sample("scheduling.k8s.io/v1", "PriorityClass", { value: 1 }),
];

/** Of conditions that a write leaves as they are. */
const earlier = "2025-12-31T00:00:00Z";
const widgets = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };
const definitions: Sample[] = [
  sample(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    {
      metadata: { name: "widgets.example.com" },
      spec: { group: "example.com", names: widgets, scope: "Namespaced", versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }] },
    },
    {
      conditions: [
        { lastTransitionTime: earlier, message: "no conflicts found", reason: "NoConflicts", status: "True", type: "NamesAccepted" },
        { lastTransitionTime: earlier, message: "the initial names have been accepted", reason: "InitialNamesAccepted", status: "True", type: "Established" },
      ],
      acceptedNames: widgets,
      storedVersions: ["v1"],
    },
  ),
];

const byKind = new Map([...core, ...access, ...admission, ...apps, ...autoscaled, ...networking, ...storage, ...flow, ...claimed, ...definitions, ...others].map((one) => [`${one.object.apiVersion}/${one.object.kind}`, one]));
