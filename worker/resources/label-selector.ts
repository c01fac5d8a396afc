/** LabelSelectors inside objects: their rules, and their form in the index. */
import type { LabelSelector } from "../../protocol/kubernetes/generated/types.ts";
import { requirementsOf } from "../../protocol/selectors.ts";
import type { ObjectIndex } from "../storage/store.ts";
import { forbidden, invalidFor, notSupported, required } from "./rules/field-errors.ts";
import { labelValueErrors, qualifiedNameErrors } from "./rules/names.ts";
import type { FieldError } from "./resource.ts";

/** For objects that passed `labelSelectorErrors`. */
export function indexSelector(selector: LabelSelector | undefined): ObjectIndex["selector"] {
  if (selector === undefined) return undefined;
  const { matchLabels, matchExpressions = [] } = selector;
  return {
    ...(matchLabels === undefined ? {} : { matchLabels }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions: requirementsOf({ matchExpressions }) }),
  };
}

const operators = ["Exists", "DoesNotExist", "In", "NotIn"];

export function labelSelectorErrors(path: string, selector: LabelSelector | undefined): FieldError[] {
  const labels = Object.entries(selector?.matchLabels ?? {}).flatMap(([key, value]) => [
    ...invalidFor(`${path}.matchLabels`, key, qualifiedNameErrors(key)),
    ...invalidFor(`${path}.matchLabels`, value, labelValueErrors(value)),
  ]);
  const expressions = (selector?.matchExpressions ?? []).flatMap((expression, at) =>
    expressionErrors(`${path}.matchExpressions[${at}]`, expression),
  );
  return [...labels, ...expressions];
}

function expressionErrors(path: string, { key, operator, values = [] }: { key: string; operator: string; values?: string[] }): FieldError[] {
  const errors = invalidFor(`${path}.key`, key, qualifiedNameErrors(key));
  if (!operators.includes(operator)) errors.push(notSupported(`${path}.operator`, operator, operators));
  const takesValues = operator === "In" || operator === "NotIn";
  if (takesValues && values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  if (!takesValues && values.length > 0) {
    errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
  return [...errors, ...values.flatMap((value, at) => invalidFor(`${path}.values[${at}]`, value, labelValueErrors(value)))];
}

export function labelErrors(path: string, labels: Record<string, string> | undefined): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidFor(path, key, qualifiedNameErrors(key)),
    ...invalidFor(path, value, labelValueErrors(value)),
  ]);
}
