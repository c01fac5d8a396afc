/** Rules of a pod's spec, in pods and in templates (pkg/apis/core/validation: ValidatePodSpec). */
import type { PodSpec, PodTemplateSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { containersErrors } from "./container-rules.ts";
import { invalid, invalidFor, nonNegative, notSupported, oneOf, required } from "./field-errors.ts";
import { labelErrors } from "../label-selector.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, ipError, isIpAddress, qualifiedNameErrors } from "./names.ts";
import type { FieldError } from "../resource.ts";
import { schedulingErrors } from "./scheduling-rules.ts";
import { volumesErrors } from "./volume-rules.ts";

const int32Max = 2 ** 31 - 1;

export function podSpecErrors(path: string, spec: PodSpec | undefined): FieldError[] {
  if (spec === undefined) return [required(`${path}.containers`)];
  return [
    ...volumesErrors(`${path}.volumes`, spec.volumes),
    ...containersErrors(path, spec),
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]),
    ...dnsErrors(path, spec),
    ...schedulingErrors(path, spec),
    ...nonNegative(`${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds),
    ...deadlineErrors(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds),
    ...namesErrors(path, spec),
    ...userErrors(path, spec),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, at) => (isIpAddress(ip) ? [] : [invalid(`${path}.hostAliases[${at}].ip`, ip, ipError)])),
  ];
}

const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

function dnsErrors(path: string, { dnsPolicy, dnsConfig }: PodSpec): FieldError[] {
  const errors = oneOf(`${path}.dnsPolicy`, dnsPolicy, dnsPolicies);
  const servers = dnsConfig?.nameservers ?? [];
  if (dnsPolicy === "None" && servers.length === 0) {
    errors.push(required(`${path}.dnsConfig.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None"));
  }
  return [...errors, ...servers.flatMap((ip, at) => (isIpAddress(ip) ? [] : [invalid(`${path}.dnsConfig.nameservers[${at}]`, ip, ipError)]))];
}

export function deadlineErrors(path: string, seconds: number | undefined): FieldError[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= int32Max)) return [];
  return [invalid(path, seconds, `must be between 1 and ${int32Max}, inclusive`)];
}

function namesErrors(path: string, spec: PodSpec): FieldError[] {
  const labels = (["hostname", "subdomain"] as const).flatMap((field) =>
    spec[field] ? invalidFor(`${path}.${field}`, spec[field], dns1123LabelErrors(spec[field])) : [],
  );
  const subdomains = (["serviceAccountName", "nodeName", "priorityClassName", "schedulerName", "runtimeClassName"] as const).flatMap((field) =>
    spec[field] ? invalidFor(`${path}.${field}`, spec[field], dns1123SubdomainErrors(spec[field])) : [],
  );
  return [...labels, ...subdomains];
}

/** Numeric users and groups of the pod and its containers. */
function userErrors(path: string, spec: PodSpec): FieldError[] {
  const check = (place: string, context: { runAsUser?: number; runAsGroup?: number; fsGroup?: number } | undefined): FieldError[] =>
    (["runAsUser", "runAsGroup", "fsGroup"] as const).flatMap((field) => {
      const id = context?.[field];
      const isFine = id === undefined || (id >= 0 && id <= int32Max);
      return isFine ? [] : [invalid(`${place}.${field}`, id, `must be between 0 and ${int32Max}, inclusive`)];
    });
  return [
    ...check(`${path}.securityContext`, spec.securityContext),
    ...(spec.containers ?? []).flatMap(({ securityContext }, at) => check(`${path}.containers[${at}].securityContext`, securityContext)),
  ];
}

/** A template for pods of any kind. */
export function templateErrors(path: string, template: PodTemplateSpec | undefined): FieldError[] {
  const { labels, annotations } = template?.metadata ?? {};
  const keys = Object.keys(annotations ?? {}).flatMap((key) => invalidFor(`${path}.metadata.annotations`, key, qualifiedNameErrors(key.toLowerCase())));
  return [...labelErrors(`${path}.metadata.labels`, labels), ...keys, ...podSpecErrors(`${path}.spec`, template?.spec)];
}

/** A workload's template: its pods are always restarted and never end by a deadline. */
export function podTemplateErrors(path: string, template: PodTemplateSpec | undefined, kind: string): FieldError[] {
  const errors = templateErrors(path, template);
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  const policyPath = `${path}.spec.restartPolicy`;
  if (restartPolicy === "OnFailure" || restartPolicy === "Never") errors.push(notSupported(policyPath, restartPolicy, ["Always"]));
  if (activeDeadlineSeconds !== undefined) {
    const message = `Forbidden: activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push({ reason: "FieldValueForbidden", path: `${path}.spec.activeDeadlineSeconds`, message });
  }
  return errors;
}
