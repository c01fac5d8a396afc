/** Rules of ValidatingAdmissionPolicies and their bindings. Whether expressions are CEL is for whoever evaluates them. */
import type {
  AuditAnnotation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from "../../../protocol/kubernetes/generated/types.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { duplicatesAt, forbidden, invalid, invalidFor, notSupported, oneOf, required } from "../rules/field-errors.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors, pathSegmentNameErrors, qualifiedNameErrors } from "../rules/names.ts";
import { failurePolicies, matchConditionsErrors, matchResourcesErrors } from "./match-rules.ts";

export function policyErrors({ metadata, spec }: ValidatingAdmissionPolicy): FieldError[] {
  const { matchConstraints, paramKind, validations = [], auditAnnotations = [], variables = [] } = spec ?? {};
  return [
    ...oneOf("spec.failurePolicy", spec?.failurePolicy, failurePolicies),
    ...(paramKind === undefined ? [] : paramKindErrors("spec.paramKind", paramKind)),
    ...(matchConstraints === undefined ? [required("spec.matchConstraints")] : matchResourcesErrors("spec.matchConstraints", matchConstraints)),
    ...(matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0 ? [required("spec.matchConstraints.resourceRules")] : []),
    ...matchConditionsErrors("spec.matchConditions", spec?.matchConditions),
    ...variables.flatMap((variable, at) => variableErrors(`spec.variables[${at}]`, variable)),
    ...(validations.length + auditAnnotations.length === 0 ? nothingToDo : []),
    ...validations.flatMap((validation, at) => validationErrors(`spec.validations[${at}]`, validation)),
    ...annotationsErrors("spec.auditAnnotations", auditAnnotations, metadata?.name ?? ""),
  ];
}

const atLeastOne = "validations or auditAnnotations must contain at least one item";
const nothingToDo = [required("spec.validations", atLeastOne), required("spec.auditAnnotations", atLeastOne)];

function paramKindErrors(path: string, { apiVersion = "", kind = "" }: ParamKind): FieldError[] {
  const wrongKind = dns1035LabelErrors(kind.toLowerCase());
  const errors = apiVersion === "" ? [required(`${path}.apiVersion`)] : apiVersionErrors(`${path}.apiVersion`, apiVersion);
  if (kind === "") return [...errors, required(`${path}.kind`)];
  if (wrongKind.length === 0) return errors;
  return [...errors, invalid(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${wrongKind.join(",")}`)];
}

function apiVersionErrors(path: string, apiVersion: string): FieldError[] {
  const parts = apiVersion.split("/");
  if (parts.length > 2) return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const version = parts.at(-1) ?? "";
  const group = parts.length === 2 ? (parts[0] ?? "") : "";
  const wrongGroup = group === "" ? [] : dns1123SubdomainErrors(group);
  const errors = wrongGroup.length === 0 ? [] : [invalid(path, group, wrongGroup.join(","))];
  if (version === "") return [...errors, invalid(path, apiVersion, "version must be specified")];
  const wrongVersion = dns1035LabelErrors(version);
  return wrongVersion.length === 0 ? errors : [...errors, invalid(path, version, wrongVersion.join(","))];
}

const reserved = new Set([
  "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
  "loop", "package", "namespace", "return", "var", "void", "while",
]);

const isCelIdentifier = (name: string): boolean => /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name);

function variableErrors(path: string, { name, expression }: Variable): FieldError[] {
  const errors = expression.trim() === "" ? [required(`${path}.expression`, "expression is not specified")] : [];
  if (name.trim() === "") return [required(`${path}.name`, "name is not specified"), ...errors];
  return isCelIdentifier(name) ? errors : [invalid(`${path}.name`, name, "name is not a valid CEL identifier"), ...errors];
}

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
  const { policyName = "", paramRef, matchResources, validationActions = [] } = spec ?? {};
  return [
    ...(policyName === "" ? [required("spec.policyName")] : invalidFor("spec.policyName", policyName, dns1123SubdomainErrors(policyName))),
    ...(paramRef === undefined ? [] : paramRefErrors("spec.paramRef", paramRef)),
    // The path is upstream's, misspelt.
    ...matchResourcesErrors("spec.matchResouces", matchResources),
    ...actionsErrors("spec.validationActions", validationActions),
  ];
}

const exclusive = "name and selector are mutually exclusive";

function paramRefErrors(path: string, { name = "", selector, parameterNotFoundAction }: ParamRef): FieldError[] {
  const areBoth = name !== "" && selector !== undefined;
  return [
    ...invalidFor(`${path}.name`, name, pathSegmentNameErrors(name)),
    ...(areBoth ? [forbidden(`${path}.name`, exclusive)] : []),
    ...labelSelectorErrors(`${path}.selector`, selector),
    ...(areBoth ? [forbidden(`${path}.selector`, exclusive)] : []),
    ...(name === "" && selector === undefined ? [required(path, "one of name or selector must be specified")] : []),
    ...oneOf(`${path}.parameterNotFoundAction`, parameterNotFoundAction, ["Deny", "Allow"]),
  ];
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
