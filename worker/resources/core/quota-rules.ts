/** Rules of ResourceQuotas (pkg/apis/core/validation: ValidateResourceQuota). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { Quantity, ResourceQuota } from "../../../protocol/kubernetes/generated/types.ts";
import { quantity } from "../../../protocol/quantity.ts";
import type { FieldError } from "../resource.ts";
import { invalid, invalidFor, required } from "../rules/field-errors.ts";
import { qualifiedNameErrors } from "../rules/names.ts";

type Spec = NonNullable<ResourceQuota["spec"]>;

const compute = [
  "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu",
  "limits.memory", "limits.ephemeral-storage",
];
const counts = [
  "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
  "services.nodeports", "services.loadbalancers",
];
const standard = new Set([...compute, ...counts, "requests.storage"]);

const isStandard = (name: string): boolean => standard.has(name) || /^(requests\.)?hugepages-/.test(name);

export function quotaErrors({ spec = {} }: ResourceQuota): FieldError[] {
  return [
    ...Object.entries(spec.hard ?? {}).flatMap(([name, value]) => [...nameErrors(`spec.hard[${name}]`, name), ...amountErrors(`spec.hard[${name}]`, name, value)]),
    ...scopesErrors(spec),
    ...selectorErrors(spec),
  ];
}

function nameErrors(path: string, name: string): FieldError[] {
  const wrong = invalidFor(path, name, qualifiedNameErrors(name));
  if (wrong.length > 0 || name.includes("/") || isStandard(name)) return wrong;
  return [invalid(path, name, "must be a standard resource for quota")];
}

const nanoPerUnit = 1_000_000_000n;

function amountErrors(path: string, name: string, value: Quantity): FieldError[] {
  const { nano } = quantity(value);
  if (nano < 0n) return [invalid(path, value, "must be greater than or equal to 0")];
  return counts.includes(name) && nano % nanoPerUnit !== 0n ? [invalid(path, value, "must be an integer")] : [];
}

const ofPods = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity"];
const scopes = [...ofPods, "PriorityClass", "VolumeAttributesClass"];

/** What a scope can tell apart. */
function isCountedIn(scope: string, name: string): boolean {
  if (!isStandard(name)) return true;
  if (scope === "BestEffort") return name === "pods";
  if (scope === "VolumeAttributesClass") return name === "persistentvolumeclaims" || name === "requests.storage";
  return name === "pods" || compute.includes(name);
}

const opposites = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] as const;
const unfitting = "unsupported scope applied to resource";

function scopesErrors({ scopes: given = [], hard = {} }: Spec): FieldError[] {
  const path = "spec.scopes";
  const each = given.flatMap((scope) => [
    ...(scopes.includes(scope) ? [] : [invalid(path, given, "unsupported scope")]),
    ...Object.keys(hard).filter((name) => !isCountedIn(scope, name)).map(() => invalid(path, given, unfitting)),
  ]);
  const conflicts = opposites.filter((pair) => pair.every((scope) => given.includes(scope)));
  return [...each, ...conflicts.map(() => invalid(path, given, "conflicting scopes"))];
}

const mustExist =
  "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
  "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function selectorErrors({ scopeSelector, hard = {} }: Spec): FieldError[] {
  const path = "spec.scopeSelector.matchExpressions";
  const expressions = scopeSelector?.matchExpressions ?? [];
  const each = expressions.flatMap(({ scopeName, operator, values = [] }) => {
    const errors = scopes.includes(scopeName) ? [] : [invalid(`${path}.scopeName`, scopeName, "unsupported scope")];
    errors.push(...Object.keys(hard).filter((name) => !isCountedIn(scopeName, name)).map(() => invalid(path, scopeSelector, unfitting)));
    if (ofPods.includes(scopeName) && operator !== "Exists") errors.push(invalid(`${path}.operator`, operator, mustExist));
    return [...errors, ...operatorErrors(path, operator, values)];
  });
  const names = expressions.map(({ scopeName }) => scopeName);
  const conflicts = opposites.filter((pair) => pair.every((scope) => names.includes(scope)));
  return [...each, ...conflicts.map(() => invalid(path, expressions, "conflicting scopes"))];
}

function operatorErrors(path: string, operator: string, values: string[]): FieldError[] {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0 ? [] : [required(`${path}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")];
    case "Exists":
    case "DoesNotExist":
      return values.length === 0 ? [] : [invalid(`${path}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")];
    default:
      return [invalid(`${path}.operator`, operator, "not a valid selector operator")];
  }
}

export function quotaUpdateErrors({ spec }: ResourceQuota, { spec: before }: ResourceQuota): FieldError[] {
  const [next, previous] = [spec?.scopes ?? [], before?.scopes ?? []].map((list) => list.toSorted());
  return isEqual(next, previous) ? [] : [invalid("spec.scopes", spec?.scopes ?? [], "field is immutable")];
}
