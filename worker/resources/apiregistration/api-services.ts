/** APIServices: which groups and versions there are, and who serves them. */
import type { APIService } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import type { FieldError } from "../resource.ts";
import { invalid, required } from "../rules/field-errors.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors, portNumberErrors } from "../rules/names.ts";
import { statusStrategy } from "../status-strategy.ts";

export const apiServices = defineResource<APIService>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  schema: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
  isNamespaced: false,
  takesAnyName: true,
  needsResourceVersion: true,
  applyDefaults({ spec }) {
    if (spec?.service !== undefined) spec.service.port ??= 443;
  },
  prepareForCreate(service, { now }) {
    const lastTransitionTime = `${new Date(now).toISOString().slice(0, 19)}Z`;
    const available = { type: "Available", status: "True", lastTransitionTime, reason: "Local", message: "Local APIServices are always available" };
    service.status = service.spec?.service === undefined ? { conditions: [available] } : {};
  },
  validate: apiServiceErrors,
  subresources: { status: statusStrategy<APIService>() },
  columns: [
    nameColumn,
    column<APIService>("Service", "Who serves it.", ({ spec }) => (spec?.service === undefined ? "Local" : `${spec.service.namespace ?? ""}/${spec.service.name ?? ""}`)),
    column<APIService>("Available", "Whether it is served.", availableText),
    ageColumn,
  ],
});

function availableText({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === "Available");
  if (condition === undefined) return "Unknown";
  return condition.status === "True" || !condition.reason ? condition.status : `${condition.status} (${condition.reason})`;
}

const mostGroupPriority = 20_000;
const mostVersionPriority = 1000;

function apiServiceErrors({ metadata, spec }: APIService): FieldError[] {
  const { group = "", version = "", groupPriorityMinimum = 0, versionPriority = 0 } = spec ?? {};
  const name = metadata?.name ?? "";
  const expected = `${version}.${group}`;
  const [wrongGroup, wrongVersion] = [group === "" ? [] : dns1123SubdomainErrors(group), dns1035LabelErrors(version)];
  return [
    ...(name === "" || name === expected ? [] : [invalid("metadata.name", name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`)]),
    ...(group === "" && version !== "v1" ? [required("spec.group", "only v1 may have an empty group and it better be legacy kube")] : []),
    ...(wrongGroup.length === 0 ? [] : [invalid("spec.group", group, wrongGroup.join(","))]),
    ...(wrongVersion.length === 0 ? [] : [invalid("spec.version", version, wrongVersion.join(","))]),
    ...priorityErrors("spec.groupPriorityMinimum", groupPriorityMinimum, mostGroupPriority),
    ...priorityErrors("spec.versionPriority", versionPriority, mostVersionPriority),
    ...serverErrors(spec),
  ];
}

function priorityErrors(path: string, value: number, most: number): FieldError[] {
  return value > 0 && value <= most ? [] : [invalid(path, value, `must be positive and less than ${most}`)];
}

function serverErrors(spec: APIService["spec"]): FieldError[] {
  const { service, caBundle = "", insecureSkipTLSVerify: isInsecure = false } = spec ?? {};
  const verify = "spec.insecureSkipTLSVerify";
  if (service === undefined) {
    return [
      ...(caBundle === "" ? [] : [invalid("spec.caBundle", `${atobLength(caBundle)} bytes`, "local APIServices may not have a caBundle")]),
      ...(isInsecure ? [invalid(verify, isInsecure, "local APIServices may not have insecureSkipTLSVerify")] : []),
    ];
  }
  const wrongPort = portNumberErrors(service.port ?? 443);
  return [
    ...(service.namespace ? [] : [required("spec.service.namespace")]),
    ...(service.name ? [] : [required("spec.service.name")]),
    ...(wrongPort.length === 0 ? [] : [invalid("spec.service.port", service.port, `port is not valid: ${wrongPort.join(", ")}`)]),
    ...(isInsecure && caBundle !== "" ? [invalid(verify, isInsecure, "may not be true if caBundle is present")] : []),
  ];
}

const atobLength = (base64: string): number => Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
