/** A version of a CustomResourceDefinition as a Resource like any other. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { definitionColumns } from "./columns.ts";
import { decodeCustom } from "./decode.ts";
import { applyDefaults, hasDefaults } from "./defaults.ts";
import { allVerbs } from "../define.ts";
import type { CustomVersions, FieldError, Resource, SubresourceStrategy } from "../resource.ts";
import { keepAllBut } from "../status-strategy.ts";
import { find, parseJsonPath } from "./json-path.ts";
import type { CustomResourceDefinition, JsonSchema, Version } from "./json-schema.ts";
import { prune } from "./prune.ts";
import { ruleErrors } from "./rules.ts";
import { scaledBy } from "./scale.ts";
import { finalizerWarnings } from "../warnings/finalizers.ts";
import { typesOf, type Types } from "./types.ts";
import { validateValue } from "./validate-value.ts";

/** `versions`: absent of a kind that is stored as it is served. */
export function customResource(definition: CustomResourceDefinition, version: Version, versions?: CustomVersions): Resource {
  const { group = "", scope = "", names, versions: all = [] } = definition.spec ?? {};
  const accepted = { ...names, ...definition.status?.acceptedNames };
  const schema = version.schema?.openAPIV3Schema ?? {};
  const kind = accepted.kind ?? "";
  const name = `${group.split(".").reverse().join(".")}.${version.name}.${kind}`;
  const hasStatus = version.subresources?.status !== undefined;
  const scale = version.subresources?.scale === undefined ? undefined : scaledBy(version.subresources.scale);
  // As long as there was one schema and it fills nothing in, what is stored is what is served.
  const isServedAsStored = all.length === 1 && definition.metadata?.generation === 1 && !hasDefaults(schema);
  const isConverted = versions?.webhook !== undefined;
  const deprecation = version.deprecated === true ? version.deprecationWarning ?? `${group}/${version.name} ${kind} is deprecated` : undefined;
  return {
    group,
    version: version.name,
    kind,
    listKind: accepted.listKind ?? `${kind}List`,
    plural: accepted.plural ?? "",
    singular: accepted.singular ?? kind.toLowerCase(),
    shortNames: accepted.shortNames ?? [],
    categories: accepted.categories ?? [],
    isNamespaced: scope === "Namespaced",
    verbs: allVerbs,
    schema: name,
    custom: {
      schema,
      definition: definition.metadata?.name ?? "",
      types: lazily(() => typesOf(name, schema)),
      decode: (value) => decodeCustom(schema, value),
      ...(isServedAsStored || isConverted ? {} : { fromStorage: (object) => fromStorage(schema, object) }),
      prune: (object) => void prune(object, schema),
      ...(versions === undefined ? {} : { versions }),
      indexedFields: fieldsAt(all.flatMap(({ selectableFields = [] }) => selectableFields)),
    },
    ...(deprecation === undefined ? {} : { deprecation }),
    ...(scale === undefined ? {} : { scale }),
    needsResourceVersion: true,
    hasGeneration: true,
    applyDefaults: (object) => applyDefaults(object, schema),
    prepareForCreate(object) {
      if (hasStatus) delete object["status"];
    },
    validate: () => [],
    warnings: finalizerWarnings,
    validateCreate: (object) => errorsOf(object, schema),
    validateUpdate: (next, previous) => errorsOf(next, schema, previous),
    subresources: {
      ...(hasStatus ? { status: statusOf(schema) } : {}),
      ...(version.subresources?.scale === undefined ? {} : { scale: scaleOf(schema) }),
    },
    columns: definitionColumns(version.additionalPrinterColumns),
    selectableFields: fieldsAt(version.selectableFields ?? []),
  };
}

function lazily(make: () => Types): Types {
  let made: Types | undefined;
  return (name) => (made ??= make())(name);
}

/** Objects that were written under another schema, or before there was a default, read as if they were new. */
function fromStorage<T extends KubernetesObject>(schema: JsonSchema, object: T): T {
  prune(object, schema);
  applyDefaults(object, schema);
  return object;
}

function errorsOf(object: KubernetesObject, schema: JsonSchema, previous?: Stored<KubernetesObject>): FieldError[] {
  const [next, before] = [contentOf(object), previous === undefined ? undefined : contentOf(previous)];
  const errors = validateValue(next, schema, "", before);
  return errors.length > 0 ? errors : ruleErrors(object, schema, previous);
}

/** Metadata has rules of its own; its name alone may be restricted by the schema. */
function contentOf({ metadata, ...rest }: KubernetesObject): KubernetesObject {
  const { name, generateName } = metadata ?? {};
  return { ...rest, metadata: { ...(name === undefined ? {} : { name }), ...(generateName === undefined ? {} : { generateName }) } };
}

function statusOf(schema: JsonSchema): SubresourceStrategy<KubernetesObject> {
  return {
    prepareForUpdate(next, previous) {
      keepAllBut(next, previous, "status");
      next.metadata = { ...previous.metadata };
    },
    validateUpdate: (next, previous) => errorsOf(next, schema, previous),
  };
}

/** What is written through it differs in the replicas alone, see ../../http/scale.ts. */
function scaleOf(schema: JsonSchema): SubresourceStrategy<KubernetesObject> {
  return { prepareForUpdate: () => {}, validateUpdate: (next, previous) => errorsOf(next, schema, previous) };
}

function fieldsAt(selectable: { jsonPath: string }[]): (object: KubernetesObject) => Record<string, string> {
  const fields = selectable.map(({ jsonPath }) => [jsonPath.replace(/^\./, ""), parseJsonPath(jsonPath)] as const);
  return (object) => Object.fromEntries(fields.map(([name, path]) => {
    const [value] = "steps" in path ? find(object, path.steps) : [];
    return [name, value === undefined || value === null ? "" : String(value as string | number | boolean)];
  }));
}
