/** Defaults of a pod's spec that the OpenAPI does not state (pkg/apis/core/v1/defaults.go). */
import type { Container, EphemeralContainer, PodSpec, Probe, Volume } from "../../../protocol/kubernetes/generated/types.ts";

/** Who finds a pod its node, unless it names another. */
export const defaultScheduler = "default-scheduler";

/** Mutates. For pods and for templates alike. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= "Always";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= "ClusterFirst";
  spec.schedulerName ??= defaultScheduler;
  spec.securityContext ??= {};
  if (spec.serviceAccountName === undefined && spec.serviceAccount !== undefined) spec.serviceAccountName = spec.serviceAccount;
  if (spec.serviceAccountName !== undefined) spec.serviceAccount = spec.serviceAccountName;
  if (spec.nodeName === "") delete spec.nodeName;
  for (const container of allContainers(spec)) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultEphemeral(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  if (spec.hostNetwork === true) defaultHostPorts(spec);
}

/** Only for pods themselves: a template keeps what its author wrote. */
export function defaultPod(spec: PodSpec): void {
  spec.enableServiceLinks ??= true;
  for (const container of allContainers(spec)) defaultRequests(container);
}

export function allContainers(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

function defaultEphemeral(container: EphemeralContainer): void {
  container.imagePullPolicy ??= pullPolicyOf(container.image ?? "");
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
}

function defaultContainer(container: Container): void {
  container.imagePullPolicy ??= pullPolicyOf(container.image ?? "");
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) defaultProbe(probe);
  for (const hook of [container.lifecycle?.postStart, container.lifecycle?.preStop]) defaultHttp(hook?.httpGet);
  for (const port of container.ports ?? []) {
    port.protocol ??= "TCP";
    if (port.hostPort === 0) delete port.hostPort;
  }
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef !== undefined) variable.valueFrom.fieldRef.apiVersion ??= "v1";
  }
}

/** An untagged image, or one tagged `latest`, is looked up each time; a digest or another tag is not. */
export function pullPolicyOf(image: string): "Always" | "IfNotPresent" {
  if (image.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultProbe(probe: Probe | undefined): void {
  if (probe === undefined) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttp(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
}

function defaultHttp(get: { path?: string; scheme?: string } | undefined): void {
  if (get === undefined) return;
  get.path ||= "/";
  get.scheme ||= "HTTP";
}

const fileMode = 0o644;

function defaultVolume(volume: Volume): void {
  const { name: _name, ...sources } = volume;
  if (Object.keys(sources).length === 0) volume.emptyDir = {};
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= fileMode;
  if (volume.secret !== undefined) volume.secret.defaultMode ??= fileMode;
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= fileMode;
    for (const { fieldRef } of volume.downwardAPI.items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ??= "v1";
  }
  if (volume.projected !== undefined) defaultProjected(volume.projected);
}

function defaultProjected(projected: NonNullable<Volume["projected"]>): void {
  projected.defaultMode ??= fileMode;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
    for (const { fieldRef } of source.downwardAPI?.items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ??= "v1";
  }
}

/** On the host's network a container's port is the host's. */
function defaultHostPorts(spec: PodSpec): void {
  for (const container of allContainers(spec)) {
    for (const port of container.ports ?? []) port.hostPort ??= port.containerPort;
  }
}

/** What is limited and not requested is requested in full. */
function defaultRequests(container: Container): void {
  const { limits, requests } = container.resources ?? {};
  if (limits === undefined || container.resources === undefined) return;
  container.resources.requests = { ...limits, ...requests };
}
