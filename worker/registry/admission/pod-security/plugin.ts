/**
 * PodSecurity: pods that violate what their namespace enforces are refused; templates of workloads, and what is only
 * warned of, are warned of; what is audited, and by which policy, goes to the audit log.
 */
import type { Container, Pod, PodSpec } from "../../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../../../protocol/kubernetes/object.ts";
import { isEqual, isRecord } from "../../../../protocol/kubernetes/equal.ts";
import { StatusError } from "../../../../protocol/status.ts";
import { rejectInvalid } from "../../invalid.ts";
import { lookUp } from "../look-up.ts";
import type { Attributes, Plugin } from "../plugin.ts";
import { asksForNothing, labelErrors, policyOf, sentenceOf, textOf, violationsOf, type Mode } from "./levels.ts";
import { containersOf } from "./phrases.ts";

/** Where a workload keeps its pods' template. */
const templates: Record<string, (object: KubernetesObject) => unknown> = {
  pods: (object) => object,
  podtemplates: (object) => object["template"],
  replicationcontrollers: (object) => at(object["spec"], "template"),
  "replicasets.apps": (object) => at(object["spec"], "template"),
  "deployments.apps": (object) => at(object["spec"], "template"),
  "statefulsets.apps": (object) => at(object["spec"], "template"),
  "daemonsets.apps": (object) => at(object["spec"], "template"),
  "jobs.batch": (object) => at(object["spec"], "template"),
  "cronjobs.batch": (object) => at(at(at(object["spec"], "jobTemplate"), "spec"), "template"),
};

const at = (value: unknown, field: string): unknown => (isRecord(value) ? value[field] : undefined);

export const podSecurity: Plugin = {
  name: "PodSecurity",
  resources: Object.keys(templates),
  needs: ({ operation, object }) => (operation === "DELETE" ? [] : [`namespaces//${object.metadata?.namespace ?? ""}`]),
  validate(attributes) {
    const { operation, resource, subresource, object, context } = attributes;
    if (operation === "DELETE" || operation === "CONNECT" || !isOfSpec(subresource)) return [];
    const labels = lookUp(context, `namespaces//${object.metadata?.namespace ?? ""}`)?.metadata.labels;
    if (labels === undefined) return [];
    const pod = podOf(attributes);
    if (pod === undefined) return [];
    const isPod = resource.plural === "pods";
    if (context.annotate !== undefined) audit(pod, labels, isPod, context.annotate);
    if (isPod) enforce(pod, labels);
    return warn(pod, labels);
  },
};

export const podSecurityLabels: Plugin = {
  name: "PodSecurity",
  resources: ["namespaces"],
  validate({ operation, resource, subresource, object, old }) {
    const labels = object.metadata?.labels;
    const isChanged = old === undefined || !isEqual(old.metadata.labels, labels);
    if (operation !== "DELETE" && subresource === "" && isChanged) rejectInvalid(resource, object, labelErrors(labels));
    return [];
  },
};

const isOfSpec = (subresource: string): boolean => subresource === "" || subresource === "ephemeralcontainers" || subresource === "resize";

type Checkable = Pod & { spec: PodSpec };

/** The pod, or the one that a template describes; undefined if nothing is to be checked. */
function podOf({ operation, resource, object, old }: Attributes): Checkable | undefined {
  const key = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  const read = templates[key];
  const pod = read?.(object);
  if (!isCheckable(pod)) return undefined;
  if (operation !== "UPDATE" || old === undefined) return pod;
  const before = read?.(old);
  return isCheckable(before) && !isSignificant(pod, before) ? undefined : pod;
}

/** Validation has seen to the rest of its shape. */
function isCheckable(value: unknown): value is Checkable {
  return isRecord(value) && isRecord(value["spec"]);
}

/** Of a pod's update only another image, another container and annotations of containers matter. */
function isSignificant(pod: Checkable, before: Checkable): boolean {
  const essence = ({ metadata, spec }: Checkable) => ({
    containers: containersOf(spec).map(({ name, image }: Container) => ({ name, image })),
    annotations: Object.entries(metadata?.annotations ?? {}).filter(([key]) => key.startsWith("container.")),
  });
  return !isEqual(essence(pod), essence(before));
}

type Labels = Record<string, string>;

const prefix = "pod-security.kubernetes.io/";

/** Whether it will be refused or not. */
function audit(pod: Checkable, labels: Labels, isPod: boolean, annotate: (key: string, value: string) => void): void {
  if (isPod) annotate(`${prefix}enforce-policy`, textOf(policyOf(labels, "enforce")));
  const found = violations(pod, labels, "audit");
  if (found !== undefined) annotate(`${prefix}audit-violations`, wouldViolate(found));
}

function enforce(pod: Checkable, labels: Labels): void {
  const found = violations(pod, labels, "enforce");
  if (found === undefined) return;
  const about = { group: "", kind: "pods", name: pod.metadata?.name ?? "" };
  throw StatusError.forbidden(about, `violates PodSecurity "${found.policy}": ${found.sentence}`);
}

function warn(pod: Checkable, labels: Labels): string[] {
  const found = violations(pod, labels, "warn");
  return found === undefined ? [] : [wouldViolate(found)];
}

interface Found {
  policy: string;
  sentence: string;
}

const wouldViolate = ({ policy, sentence }: Found): string => `would violate PodSecurity "${policy}": ${sentence}`;

function violations(pod: Checkable, labels: Labels, mode: Mode): Found | undefined {
  const policy = policyOf(labels, mode);
  if (asksForNothing(policy)) return undefined;
  const found = violationsOf(pod, policy);
  return found.length === 0 ? undefined : { policy: textOf(policy), sentence: sentenceOf(found) };
}
