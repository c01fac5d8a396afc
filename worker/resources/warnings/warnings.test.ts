import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { resourceOf } from "../registry.ts";
import { created } from "../testing.ts";

const container = { name: "web", image: "web:1" };
const of = (apiVersion: string, kind: string, rest: object, metadata: object = {}): KubernetesObject => ({ apiVersion, kind, metadata: { name: "x", namespace: "ns", ...metadata }, ...rest });
const pod = (spec: object, metadata: object = {}): KubernetesObject => of("v1", "Pod", { spec: { containers: [container], ...spec } }, metadata);
const one = (fields: object): KubernetesObject => pod({ containers: [{ ...container, ...fields }] });
const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ ...container, env: [{ name: "A" }, { name: "A" }] }] } };
const workload = (kind: string, spec: object = {}, metadata: object = {}): KubernetesObject => of("apps/v1", kind, { spec: { selector: { matchLabels: { a: "b" } }, template, ...spec } }, metadata);
const jobSpec = { template: { spec: { ...template.spec, restartPolicy: "Never" } } };
const service = (spec: object, metadata: object = {}): KubernetesObject => of("v1", "Service", { spec: { ports: [{ port: 80 }], ...spec } }, metadata);
const volume = (spec: object, metadata: object = {}): KubernetesObject => of("v1", "PersistentVolume", { spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/v" }, ...spec } }, { namespace: undefined, ...metadata });
const claim = (storage: string, metadata: object = {}): KubernetesObject => of("v1", "PersistentVolumeClaim", { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } } }, metadata);
const term = { matchExpressions: [{ key: "beta.kubernetes.io/os", operator: "Exists" }] };
const token = { serviceAccountToken: { path: "token" } };

const warningsOf = (object: KubernetesObject, previous?: KubernetesObject): string[] =>
  resourceOf(object)?.warnings?.(created(object), previous === undefined ? undefined : (created(previous) as never)) ?? [];

const hidden = (path: string) => `${path}.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply`;
const noLabel = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const noPodName = `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${noLabel}]`;
const useOs = 'deprecated since v1.14; use "kubernetes.io/os" instead';
const nothing = "a null labelSelector results in matching no pod";

describe("a warning tells of", () => {
  const rows: [sentence: string, object: KubernetesObject, warnings: string[]][] = [
    ["a name that is no host name", pod({}, { name: "a.b" }), [`metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${noLabel}]`]],
    ["an old label of nodes", pod({ nodeSelector: { "beta.kubernetes.io/os": "linux" } }), [`spec.nodeSelector[beta.kubernetes.io/os]: ${useOs}`]],
    ["an old label in an affinity", pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] }, preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term }] } } }), [
      `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is ${useOs}`,
      `spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: beta.kubernetes.io/os is ${useOs}`,
    ]],
    ["a spread over no pod", pod({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "beta.kubernetes.io/os", whenUnsatisfiable: "DoNotSchedule" }] }), [`spec.topologySpreadConstraints[0].topologyKey: beta.kubernetes.io/os is ${useOs}`, `spec.topologySpreadConstraints[0].labelSelector: ${nothing}`]],
    ["an affinity to no pod", pod({ affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: "a" } }] }, podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "a" }] } } }), [
      `spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: ${nothing}`,
      `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: ${nothing}`,
    ]],
    ["annotations without effect", pod({}, { annotations: { "scheduler.alpha.kubernetes.io/critical-pod": "", "seccomp.security.alpha.kubernetes.io/pod": "unconfined" } }), [
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ]],
    ["a volume that is no more", pod({ volumes: [{ name: "v", gitRepo: { repository: "r" } }] }), ["spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"]],
    ["a file in a token's place", pod({ volumes: [{ name: "v", projected: { sources: [token, { configMap: { name: "c", items: [{ key: "a", path: "token" }] } }] } }] }), ['spec.volumes[0].projected.sources.configMap[0]: has duplicated path with ServiceAccountToken "token"']],
    ["an address named twice", pod({ hostAliases: [{ ip: "1.2.3.4", hostnames: ["a"] }, { ip: "1.2.3.4", hostnames: ["b"] }] }), ['spec.hostAliases[1].ip: duplicate ip "1.2.3.4"']],
    ["pull secrets that are empty or twice there", pod({ imagePullSecrets: [{ name: "a" }, { name: "a" }, { name: "" }] }), ['spec.imagePullSecrets[1].name: duplicate name "a"', 'spec.imagePullSecrets[2].name: invalid empty name ""']],
    ["a variable that hides another", one({ env: [{ name: "A" }, { name: "A" }] }), [hidden("spec")]],
    ["a fraction of a byte", one({ resources: { limits: { memory: "100m" } } }), ["limits", "requests"].map((list) => `spec.containers[0].resources.${list}[memory]: fractional byte value "100m" is invalid, must be an integer`)],
    ["a port said twice", one({ ports: [{ containerPort: 80 }, { containerPort: 80 }] }), ["spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"]],
    ["a port that another container has", pod({ containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 8080 }] }, { ...container, name: "b", ports: [{ containerPort: 80 }] }] }), ["spec.containers[1].ports[0]: overlapping port definition with spec.containers[0].ports[0]"]],
    ["a host's port on one and on every address", one({ ports: [{ containerPort: 80, hostPort: 80, hostIP: "1.2.3.4" }, { containerPort: 80, hostPort: 80 }] }), ["spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]"]],
    ["a host's address without its port", one({ ports: [{ containerPort: 80, hostIP: "1.2.3.4" }] }), ["spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}"]],
    ["a Deployment's pods and their names", workload("Deployment", {}, { name: "a.b" }), [noPodName, hidden("spec.template.spec")]],
    ["a DaemonSet's pods", workload("DaemonSet", {}, { name: "a.b" }), [hidden("spec.template.spec")]],
    ["AppArmor's annotation in a template", workload("Deployment", { template: { metadata: { labels: { a: "b" }, annotations: { "container.apparmor.security.beta.kubernetes.io/web": "unconfined" } }, spec: { containers: [container] } } }), [
      'spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/web]: deprecated since v1.30; use the "appArmorProfile" field instead',
    ]],
    ["a StatefulSet that forgets nothing", workload("StatefulSet", { serviceName: "s", revisionHistoryLimit: -1, volumeClaimTemplates: [claim("1500m")] }), [
      hidden("spec.template.spec"),
      'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
      "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
    ]],
    ["a Job's pods", of("batch/v1", "Job", { spec: jobSpec }), [hidden("spec.template.spec")]],
    ["a Job of too many indexes", of("batch/v1", "Job", { spec: { template: { spec: { containers: [container], restartPolicy: "Never" } }, completionMode: "Indexed", completions: 100_001, parallelism: 10_001 } }), [expect.stringMatching(/^spec: In Indexed Jobs with a number of completions higher than 10\^5/) as unknown as string]],
    ["a CronJob's pods and their names", of("batch/v1", "CronJob", { spec: { schedule: "* * * * *", jobTemplate: { spec: jobSpec } } }, { name: "a.b" }), [noPodName, hidden("spec.jobTemplate.spec.template.spec")]],
    ["what a headless Service ignores", service({ clusterIP: "None", externalIPs: ["1.2.3.4"], sessionAffinity: "ClientIP" }), ["spec.externalIPs is ignored for headless services", "spec.SessionAffinity is ignored for headless services"]],
    ["a name that a Service does not use", service({ externalName: "example.com" }), ['spec.externalName is ignored when spec.type is not "ExternalName"']],
    ["a Service's older words", service({ trafficDistribution: "PreferClose" }, { annotations: { "service.kubernetes.io/topology-aware-hints": "Auto" } }), [
      "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ]],
    ["an Ingress' class in an annotation", of("networking.k8s.io/v1", "Ingress", { spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } } } }, { annotations: { "kubernetes.io/ingress.class": "nginx" } }), [`annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`]],
    ["a claim for a fraction of a byte, by an old annotation", claim("1500m", { annotations: { "volume.beta.kubernetes.io/storage-class": "fast" } }), [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ]],
    ["a volume that is wiped for the next one", volume({ persistentVolumeReclaimPolicy: "Recycle", nodeAffinity: { required: { nodeSelectorTerms: [term] } } }), [
      `spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is ${useOs}`,
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    ]],
    ["a class's old topology", of("storage.k8s.io/v1", "StorageClass", { provisioner: "p", allowedTopologies: [{ matchLabelExpressions: [{ key: "beta.kubernetes.io/os", values: ["a"] }] }] }), [`allowedTopologies[0].matchLabelExpressions[0].key: ${useOs}`]],
    ["an account's mountable secrets", of("v1", "ServiceAccount", {}, { annotations: { "kubernetes.io/enforce-mountable-secrets": "true" } }), ["metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"]],
  ];

  it.each(rows)("%s", (_, object, warnings) => expect(warningsOf(object)).toEqual(warnings));
});

describe("nothing is told of", () => {
  it("a variable that builds upon its earlier value", () => expect(warningsOf(one({ env: [{ name: "PATH", value: "/a" }, { name: "PATH", value: "$(PATH):/b" }] }))).toEqual([]));

  it("a workload whose spec stays", () => expect(warningsOf(workload("Deployment"), workload("Deployment", {}, { labels: { new: "label" } }))).toEqual([]));

  it("an updated pod", () => expect(warningsOf(one({ env: [{ name: "A" }, { name: "A" }] }), one({}))).toEqual([]));

  it("pods and volumes as they should be", () => {
    expect(warningsOf(one({ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: "UDP" }] }))).toEqual([]);
    expect(warningsOf(volume({}))).toEqual([]);
    expect(warningsOf(service({ clusterIP: "None" }))).toEqual([]);
  });
});
