/** What a CustomResourceDefinition must keep, in apiextensions-apiserver's words. */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import { parseJsonPath } from "../custom/json-path.ts";
import { isConditionTrue, type CustomResourceDefinition, type JsonSchema, type Names, type Version } from "../custom/json-schema.ts";
import type { FieldError } from "../resource.ts";
import { duplicatesAt, forbidden, invalid, notSupported, oneOf, required } from "../rules/field-errors.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors } from "../rules/names.ts";
import { webhookClientErrors } from "../rules/webhook-client-rules.ts";
import { decodeNested } from "./nested-schemas.ts";
import { costErrors } from "./rule-costs.ts";
import { leadsSomewhere, schemaErrors } from "./schema-rules.ts";
import { structuralErrors } from "./structural-rules.ts";

type Spec = NonNullable<CustomResourceDefinition["spec"]>;

export function definitionErrors(definition: CustomResourceDefinition): FieldError[] {
  const spec = completed(definition.spec);
  const name = definition.metadata?.name ?? "";
  const nameErrors = dns1123SubdomainErrors(name);
  if (name !== `${spec.names.plural}.${spec.group}`) nameErrors.push('must be spec.names.plural+"."+spec.group');
  return [
    ...nameErrors.map((why) => invalid("metadata.name", name, why)),
    ...groupErrors(spec.group),
    ...oneOf("spec.scope", spec.scope, ["Cluster", "Namespaced"]),
    ...namesErrors(spec.names, "spec.names"),
    ...versionsErrors(spec),
    ...conversionErrors(spec),
    ...(spec.preserveUnknownFields === true ? [invalid("spec.preserveUnknownFields", true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead")] : []),
  ];
}

/** What is required and absent counts as empty: the rules say so in their own words. */
const completed = (spec: Partial<Spec> = {}): Spec => ({ ...spec, group: spec.group ?? "", names: { ...spec.names, plural: spec.names?.plural ?? "", kind: spec.names?.kind ?? "" }, scope: spec.scope ?? "", versions: spec.versions ?? [] });

function groupErrors(group: string): FieldError[] {
  if (group === "") return [required("spec.group")];
  const errors = dns1123SubdomainErrors(group);
  if (errors.length > 0) return [invalid("spec.group", group, errors.join(","))];
  return group.includes(".") ? [] : [invalid("spec.group", group, "should be a domain with at least one dot")];
}

function namesErrors(names: Names, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["plural", "singular", "kind", "listKind"] as const) {
    const name = names[field] ?? "";
    const isKind = field === "kind" || field === "listKind";
    const wrong = dns1035LabelErrors(isKind ? name.toLowerCase() : name);
    if (name === "") errors.push(required(`${path}.${field}`));
    else if (wrong.length > 0) errors.push(invalid(`${path}.${field}`, name, `${isKind ? "may have mixed case, but should otherwise match: " : ""}${wrong.join(",")}`));
  }
  for (const field of ["shortNames", "categories"] as const) {
    (names[field] ?? []).forEach((name, at) => {
      const wrong = dns1035LabelErrors(name);
      if (wrong.length > 0) errors.push(invalid(`${path}.${field}[${at}]`, name, wrong.join(",")));
    });
  }
  if (names.kind !== "" && names.kind === names.listKind) errors.push(invalid(`${path}.listKind`, names.listKind, "kind and listKind may not be the same"));
  return errors;
}

function versionsErrors({ versions }: Spec): FieldError[] {
  const errors = versions.flatMap((version, at) => versionErrors(version, `spec.versions[${at}]`));
  const shown = versions.map(({ name, served, storage }) => ({ name, served, storage }));
  if (new Set(versions.map(({ name }) => name)).size < versions.length) errors.push(invalid("spec.versions", shown, "must contain unique version names"));
  if (versions.filter(({ storage }) => storage).length !== 1) errors.push(invalid("spec.versions", shown, "must have exactly one version marked as storage version"));
  return errors;
}

function versionErrors(version: Version, path: string): FieldError[] {
  const wrong = dns1035LabelErrors(version.name ?? "");
  const errors = wrong.length > 0 ? [invalid(`${path}.name`, version.name, wrong.join(","))] : [];
  if (version.deprecationWarning !== undefined) errors.push(...warningErrors(version, `${path}.deprecationWarning`));
  const schema = version.schema?.openAPIV3Schema;
  const at = `${path}.schema.openAPIV3Schema`;
  if (schema === undefined) errors.push(required(at, "schemas are required"));
  else errors.push(...rootErrors(schema, at));
  return [...errors, ...columnErrors(version, path), ...subresourceErrors(version, path), ...selectableErrors(version, path)];
}

function rootErrors(schema: JsonSchema, path: string): FieldError[] {
  const structural = [...decodeNested(schema, path), ...structuralErrors(schema, path)];
  // Defaults and rules of a schema that is none would be judged by something that nobody wrote.
  if (structural.length > 0) return structural;
  structurals.add(schema);
  return schemaErrors(schema, path);
}

/** Schemas that were found to be structural. */
const structurals = new WeakSet<JsonSchema>();

/** What rules may cost: of a schema that stays as it is nobody asks any more. After `definitionErrors`. */
export function definitionCostErrors(definition: CustomResourceDefinition, previous?: CustomResourceDefinition): FieldError[] {
  const before = new Map((previous?.spec?.versions ?? []).map(({ name, schema }) => [name, schema]));
  return (definition.spec?.versions ?? []).flatMap(({ name, schema }, at) => {
    const root = schema?.openAPIV3Schema;
    const isJudged = root !== undefined && structurals.has(root) && !isEqual(before.get(name), schema);
    return isJudged ? costErrors(root, `spec.versions[${at}].schema.openAPIV3Schema`) : [];
  });
}

function warningErrors({ deprecated, deprecationWarning = "" }: Version, path: string): FieldError[] {
  if (deprecated !== true) return [invalid(path, deprecationWarning, "can only be set for deprecated versions")];
  if (deprecationWarning === "") return [invalid(path, deprecationWarning, "must not be empty")];
  if (deprecationWarning.length > 256) return [invalid(path, deprecationWarning, "must be <= 256 characters")];
  return /\p{Cc}/u.test(deprecationWarning) ? [invalid(path, deprecationWarning, "must only contain printable UTF-8 characters")] : [];
}

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

function columnErrors({ additionalPrinterColumns = [] }: Version, path: string): FieldError[] {
  return additionalPrinterColumns.flatMap(({ name, type, format, jsonPath }, at) => {
    const column = `${path}.additionalPrinterColumns[${at}]`;
    const errors = name === "" ? [required(`${column}.name`)] : [];
    errors.push(...oneOf(`${column}.type`, type, columnTypes));
    if (format !== undefined && format !== "" && !columnFormats.includes(format)) errors.push(notSupported(`${column}.format`, format, columnFormats));
    const parsed = parseJsonPath(jsonPath);
    if (jsonPath === "") errors.push(required(`${column}.jsonPath`));
    else if ("error" in parsed) errors.push(invalid(`${column}.jsonPath`, jsonPath, `is an invalid path: ${parsed.error}`));
    return errors;
  });
}

function subresourceErrors({ subresources }: Version, path: string): FieldError[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const at = `${path}.subresources.scale`;
  return [
    ...pathErrors(scale.specReplicasPath, "spec", `${at}.specReplicasPath`),
    ...pathErrors(scale.statusReplicasPath, "status", `${at}.statusReplicasPath`),
    ...(scale.labelSelectorPath === undefined ? [] : selectorPathErrors(scale.labelSelectorPath, `${at}.labelSelectorPath`)),
  ];
}

function pathErrors(text: string, root: string, path: string): FieldError[] {
  if (text === "") return [required(path)];
  if (!text.startsWith(".")) return [invalid(path, text, "must be a simple json path starting with .")];
  if (/[[\]*]/.test(text)) return [invalid(path, text, "must be a json path in the dot notation")];
  return text.startsWith(`.${root}.`) ? [] : [invalid(path, text, `should be a json path under .${root}`)];
}

function selectorPathErrors(text: string, path: string): FieldError[] {
  if (!text.startsWith(".")) return [invalid(path, text, "must be a simple json path starting with .")];
  return /^\.(?:spec|status)\./.test(text) ? [] : [invalid(path, text, "should be a json path under either .status or .spec")];
}

const mostSelectableFields = 8;

function selectableErrors({ selectableFields = [], schema }: Version, path: string): FieldError[] {
  const at = `${path}.selectableFields`;
  const errors: FieldError[] = [];
  if (selectableFields.length > mostSelectableFields) {
    errors.push({ reason: "FieldValueTooMany", path: at, message: `Too many: ${selectableFields.length}: must have at most ${mostSelectableFields} items` });
  }
  const root = schema?.openAPIV3Schema ?? {};
  selectableFields.forEach(({ jsonPath }, index) => {
    const field = `${at}[${index}].jsonPath`;
    if (jsonPath === "") errors.push(required(field));
    else if (!/^(?:\.[^.[\]]+)+$/.test(jsonPath)) errors.push(invalid(field, jsonPath, "must be a simple json path starting with ."));
    else if (jsonPath.startsWith(".metadata.")) errors.push(invalid(field, jsonPath, "must not point to fields in metadata"));
    else if (!leadsSomewhere(jsonPath, root)) errors.push(invalid(field, jsonPath, "is an invalid path: does not refer to a valid field"));
    else if (!["string", "boolean", "integer"].includes(typeAt(root, jsonPath))) errors.push(invalid(field, jsonPath, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."));
  });
  return [...errors, ...duplicatesAt(selectableFields, ({ jsonPath }) => jsonPath, (index) => `${at}[${index}].jsonPath`)];
}

function typeAt(schema: JsonSchema, path: string): string {
  return path.split(".").slice(1).reduce<JsonSchema | undefined>((at, name) => at?.properties?.[name], schema)?.type ?? "";
}

/** Upstream's own form of the field has other names than the one that is written. */
function conversionErrors({ conversion }: Spec): FieldError[] {
  if (conversion === undefined) return [];
  const { strategy, webhook } = conversion;
  const [config, versions] = ["spec.conversion.webhookClientConfig", "spec.conversion.conversionReviewVersions"];
  const errors = oneOf("spec.conversion.strategy", strategy, ["None", "Webhook"]);
  if (strategy !== "Webhook") {
    if (webhook?.clientConfig !== undefined) errors.push(forbidden(config, "should not be set when strategy is not set to Webhook"));
    if ((webhook?.conversionReviewVersions ?? []).length > 0) errors.push(forbidden(versions, "should not be set when strategy is not set to Webhook"));
    return errors;
  }
  if (webhook?.clientConfig === undefined) errors.push(required(config, "required when strategy is set to Webhook"));
  else errors.push(...webhookClientErrors(config, webhook.clientConfig));
  return [...errors, ...reviewVersionsErrors(webhook?.conversionReviewVersions ?? [], versions)];
}

const knownReviewVersions = ["v1", "v1beta1"];

function reviewVersionsErrors(versions: string[], path: string): FieldError[] {
  if (versions.length === 0) return [required(path)];
  const each = versions.flatMap((version, at) => {
    if (versions.indexOf(version) < at) return [invalid(`${path}[${at}]`, version, "duplicate version")];
    return dns1035LabelErrors(version).map((why) => invalid(`${path}[${at}]`, version, why));
  });
  if (versions.some((version) => knownReviewVersions.includes(version))) return each;
  return [...each, invalid(path, versions, `must include at least one of ${knownReviewVersions.join(", ")}`)];
}

const approval = "api-approved.kubernetes.io";
export const isProtectedGroup = (group: string): boolean => /(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group);

/** Groups of the Kubernetes community say who approved them. */
export function approvalErrors({ metadata, spec }: CustomResourceDefinition): FieldError[] {
  if (!isProtectedGroup(spec?.group ?? "")) return [];
  const found = metadata?.annotations?.[approval] ?? "";
  const path = `metadata.annotations[${approval}]`;
  const see = "see https://github.com/kubernetes/enhancements/pull/1111";
  if (found === "") return [required(path, `protected groups must have approval annotation "${approval}", ${see}`)];
  return isApproval(found) || found.startsWith("unapproved") ? [] : [invalid(path, found, `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", ${see}`)];
}

const isApproval = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\/[^/\s]+/i.test(text);

export function definitionUpdateErrors(next: CustomResourceDefinition, previous: CustomResourceDefinition): FieldError[] {
  const immutable = (path: string, value: unknown, before: unknown) => (isEqual(value, before) ? [] : [invalid(path, value, "field is immutable")]);
  const [spec, before] = [completed(next.spec), completed(previous.spec)];
  const isEstablished = isConditionTrue(previous, "Established");
  const stored = (next.status?.storedVersions ?? []).flatMap((name, at) =>
    spec.versions.some((version) => version.name === name) ? [] : [invalid(`status.storedVersions[${at}]`, name, "missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions".replaceAll("v1", name))]);
  return [
    ...(isEstablished ? [...immutable("spec.scope", spec.scope, before.scope), ...immutable("spec.names.kind", spec.names.kind, before.names.kind)] : []),
    ...immutable("spec.group", spec.group, before.group),
    ...immutable("spec.names.plural", spec.names.plural, before.names.plural),
    ...stored,
  ];
}

