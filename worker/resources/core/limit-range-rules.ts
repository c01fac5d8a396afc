/** Rules of LimitRanges (pkg/apis/core/validation: ValidateLimitRange). */
import type { LimitRange, LimitRangeItem, Quantity } from "../../../protocol/kubernetes/generated/types.ts";
import { compareQuantities, quantity } from "../../../protocol/quantity.ts";
import type { FieldError } from "../resource.ts";
import { duplicatesAt, forbidden, invalid, invalidFor, required } from "../rules/field-errors.ts";
import { qualifiedNameErrors } from "../rules/names.ts";

const types = ["Pod", "Container", "PersistentVolumeClaim"];
const standard = ["cpu", "memory", "ephemeral-storage"];

export function limitRangeErrors({ spec }: LimitRange): FieldError[] {
  const limits = spec?.limits ?? [];
  return [
    ...limits.flatMap((item, at) => itemErrors(`spec.limits[${at}]`, item)),
    ...duplicatesAt(limits, ({ type }) => type, (at) => `spec.limits[${at}].type`),
  ];
}

const lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

function itemErrors(path: string, item: LimitRangeItem): FieldError[] {
  const names = new Set(lists.flatMap((list) => Object.keys(item[list] ?? {})));
  return [
    ...typeErrors(`${path}.type`, item.type),
    ...lists.flatMap((list) => namesErrors(`${path}.${list}`, item, list)),
    ...(item.type === "PersistentVolumeClaim" && item.min?.["storage"] === undefined && item.max?.["storage"] === undefined
      ? [required(path, "either minimum or maximum storage value is required, but neither was provided")]
      : []),
    ...[...names].flatMap((name) => orderErrors(path, item, name)),
  ];
}

function typeErrors(path: string, type: string): FieldError[] {
  const wrong = invalidFor(path, type, qualifiedNameErrors(type));
  if (wrong.length > 0 || type.includes("/") || types.includes(type)) return wrong;
  return [invalid(path, type, "must be a standard limit type or fully qualified")];
}

function namesErrors(path: string, item: LimitRangeItem, list: (typeof lists)[number]): FieldError[] {
  const names = Object.keys(item[list] ?? {});
  if (item.type === "Pod" && (list === "default" || list === "defaultRequest")) {
    return names.length === 0 ? [] : [forbidden(path, "may not be specified when `type` is 'Pod'")];
  }
  return names.flatMap((name) => nameErrors(`${path}[${name}]`, name, item.type));
}

function nameErrors(path: string, name: string, type: string): FieldError[] {
  const wrong = invalidFor(path, name, qualifiedNameErrors(name));
  const isForContainers = type === "Pod" || type === "Container";
  if (wrong.length > 0 || name.includes("/") || standard.includes(name) || name.startsWith("hugepages-")) return wrong;
  if (isForContainers) return [invalid(path, name, "must be a standard resource for containers")];
  return name === "storage" ? [] : [invalid(path, name, "must be a standard resource type or fully qualified")];
}

const isAbove = (left: Quantity | undefined, right: Quantity | undefined): boolean =>
  left !== undefined && right !== undefined && compareQuantities(quantity(left), quantity(right)) > 0;

const ownOf = (list: Record<string, Quantity> | undefined, name: string): Quantity | undefined =>
  list !== undefined && Object.hasOwn(list, name) ? list[name] : undefined;

/** min ≤ defaultRequest ≤ default ≤ max, as far as they are given; a ratio that min and max allow. */
function orderErrors(path: string, item: LimitRangeItem, name: string): FieldError[] {
  const [max, min, request, limit, ratio] = [item.max, item.min, item.defaultRequest, item.default, item.maxLimitRequestRatio].map((list) => ownOf(list, name));
  const at = (list: string): string => `${path}.${list}[${name}]`;
  const errors: FieldError[] = [];
  if (isAbove(min, max)) errors.push(invalid(at("min"), min, `min value ${min} is greater than max value ${max}`));
  if (isAbove(min, request)) errors.push(invalid(at("defaultRequest"), request, `min value ${min} is greater than default request value ${request}`));
  if (isAbove(request, max)) errors.push(invalid(at("defaultRequest"), request, `default request value ${request} is greater than max value ${max}`));
  if (isAbove(request, limit)) errors.push(invalid(at("defaultRequest"), request, `default request value ${request} is greater than default limit value ${limit}`));
  if (isAbove(min, limit)) errors.push(invalid(at("default"), min, `min value ${min} is greater than default value ${limit}`));
  if (isAbove(limit, max)) errors.push(invalid(at("default"), max, `default value ${limit} is greater than max value ${max}`));
  return ratio === undefined ? errors : [...errors, ...ratioErrors(at("maxLimitRequestRatio"), ratio, { max, min })];
}

function ratioErrors(path: string, ratio: Quantity, { max, min }: { max: Quantity | undefined; min: Quantity | undefined }): FieldError[] {
  const errors = isAbove(1, ratio) ? [invalid(path, ratio, `ratio ${ratio} is less than 1`)] : [];
  if (max === undefined || min === undefined || quantity(min).nano === 0n) return errors;
  const largest = Number(quantity(max).nano) / Number(quantity(min).nano);
  if (Number(quantity(ratio).nano) / 1e9 <= largest) return errors;
  return [...errors, invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${largest.toFixed(6)}`)];
}

/** What is limited at most is limited by default, and what is limited is requested; the least is requested, too. Mutates. */
export function defaultLimits(item: LimitRangeItem): void {
  if (item.type !== "Container") return;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}
