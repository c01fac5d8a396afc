/** What policies that validate and policies that mutate have in common, and their bindings. */
import type {
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  Variable,
} from "../../../protocol/kubernetes/generated/types.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { forbidden, invalid, invalidFor, oneOf, required } from "../rules/field-errors.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors, pathSegmentNameErrors } from "../rules/names.ts";
import { failurePolicies, matchConditionsErrors, matchResourcesErrors } from "./match-rules.ts";

interface PolicySpec {
  failurePolicy?: string;
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}

export function commonPolicyErrors({ failurePolicy, paramKind, matchConstraints, matchConditions, variables = [] }: PolicySpec): FieldError[] {
  return [
    ...oneOf("spec.failurePolicy", failurePolicy, failurePolicies),
    ...(paramKind === undefined ? [] : paramKindErrors("spec.paramKind", paramKind)),
    ...(matchConstraints === undefined ? [required("spec.matchConstraints")] : matchResourcesErrors("spec.matchConstraints", matchConstraints)),
    ...(matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0 ? [required("spec.matchConstraints.resourceRules")] : []),
    ...matchConditionsErrors("spec.matchConditions", matchConditions),
    ...variables.flatMap((variable, at) => variableErrors(`spec.variables[${at}]`, variable)),
  ];
}

interface BindingSpec {
  policyName?: string;
  paramRef?: ParamRef;
  matchResources?: MatchResources;
}

export function commonBindingErrors({ policyName = "", paramRef, matchResources }: BindingSpec): FieldError[] {
  return [
    ...(policyName === "" ? [required("spec.policyName")] : invalidFor("spec.policyName", policyName, dns1123SubdomainErrors(policyName))),
    ...(paramRef === undefined ? [] : paramRefErrors("spec.paramRef", paramRef)),
    // The path is upstream's, misspelt.
    ...matchResourcesErrors("spec.matchResouces", matchResources),
  ];
}

/** For a column. */
export function paramKindText({ spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): string {
  const { apiVersion = "", kind = "" } = spec?.paramKind ?? {};
  return spec?.paramKind === undefined ? "<unset>" : `${apiVersion}/${kind}`;
}

/** For a column. */
export function paramRefText({ spec }: { spec?: BindingSpec }): string {
  const { paramRef } = spec ?? {};
  if (paramRef === undefined) return "<unset>";
  if (!paramRef.name) return "*";
  return paramRef.namespace ? `${paramRef.namespace}/${paramRef.name}` : paramRef.name;
}

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
