/** Rules of ValidatingAdmissionPolicies and their bindings. Whether expressions are CEL is for whoever evaluates them. */
import type { AuditAnnotation, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation } from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { duplicatesAt, invalid, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { qualifiedNameErrors } from "../rules/names.ts";
import { commonBindingErrors, commonPolicyErrors } from "./common-policy-rules.ts";

export function policyErrors({ metadata, spec }: ValidatingAdmissionPolicy): FieldError[] {
  const { validations = [], auditAnnotations = [] } = spec ?? {};
  return [
    ...commonPolicyErrors(spec ?? {}),
    ...(validations.length + auditAnnotations.length === 0 ? nothingToDo : []),
    ...validations.flatMap((validation, at) => validationErrors(`spec.validations[${at}]`, validation)),
    ...annotationsErrors("spec.auditAnnotations", auditAnnotations, metadata?.name ?? ""),
  ];
}

const atLeastOne = "validations or auditAnnotations must contain at least one item";
const nothingToDo = [required("spec.validations", atLeastOne), required("spec.auditAnnotations", atLeastOne)];

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];

function validationErrors(path: string, { expression, message = "", messageExpression = "", reason }: Validation): FieldError[] {
  const errors = expression.trim() === "" ? [required(`${path}.expression`, "expression is not specified")] : [];
  if (messageExpression !== "" && messageExpression.trim() === "") {
    errors.push(invalid(`${path}.messageExpression`, messageExpression, "must be non-empty if specified"));
  }
  if (message !== "" && message.trim() === "") errors.push(invalid(`${path}.message`, message, "message must be non-empty if specified"));
  else if (/[\n\r]/.test(message.trim())) errors.push(invalid(`${path}.message`, message, "message must not contain line breaks"));
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, reasons));
  return errors;
}

const annotationLimit = 20;
const annotationLimitBytes = 5 * 1024;

function annotationsErrors(path: string, annotations: AuditAnnotation[], policyName: string): FieldError[] {
  const each = annotations.flatMap(({ key, valueExpression }, at) => [
    ...invalidFor(`${path}[${at}].key`, `${policyName}/${key}`, qualifiedNameErrors(`${policyName}/${key}`)),
    ...valueErrors(`${path}[${at}].valueExpression`, valueExpression.trim()),
  ]);
  const errors = [...each, ...duplicatesAt(annotations, ({ key }) => key, (at) => `${path}[${at}].key`)];
  if (annotations.length <= annotationLimit) return errors;
  return [invalid(path, annotations, `must not have more than ${annotationLimit} auditAnnotations`), ...errors];
}

function valueErrors(path: string, expression: string): FieldError[] {
  if (expression === "") return [required(path, "valueExpression is not specified")];
  return expression.length > annotationLimitBytes ? [required(path, `must not exceed ${annotationLimitBytes} bytes in length`)] : [];
}

export function policyBindingErrors({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  return [...commonBindingErrors(spec ?? {}), ...actionsErrors("spec.validationActions", spec?.validationActions ?? [])];
}

const actions = ["Audit", "Deny", "Warn"];
const notBoth =
  "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";

function actionsErrors(path: string, list: string[]): FieldError[] {
  return [
    ...list.flatMap((action, at) => (actions.includes(action) ? [] : [notSupported(`${path}[${at}]`, action, actions)])),
    ...duplicatesAt(list, (action) => action, (at) => `${path}[${at}]`),
    ...(list.includes("Deny") && list.includes("Warn") ? [invalid(path, list, notBoth)] : []),
    ...(list.length === 0 ? [required(path, "at least one validation action is required")] : []),
  ];
}
