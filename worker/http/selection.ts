/** What a list or watch covers, from path and selectors. */
import { type FieldRequirement, parseFieldSelector } from "../../protocol/selectors.ts";
import { parseLabelSelector } from "../resources/parse-label-selector.ts";
import { StatusError } from "../../protocol/status.ts";
import { resourceKey, type Resource } from "../resources/resource.ts";
import type { Selection } from "../storage/store.ts";
import type { Call } from "./context.ts";

export function selectionOf({ info, resource, served, query }: Pick<Call, "info" | "resource" | "served" | "query">): Selection {
  const labels = labelRequirements(query.get("labelSelector") ?? "");
  const fields = fieldRequirements(served, query.get("fieldSelector") ?? "");
  if (info.name !== "") fields.push({ field: "metadata.name", operator: "=", value: info.name });
  return {
    resource: resourceKey(resource),
    ...(info.namespace === "" ? {} : { namespace: info.namespace }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(fields.length === 0 ? {} : { fields }),
  };
}

function labelRequirements(text: string) {
  const parsed = parseLabelSelector(text);
  if (!parsed.ok) throw StatusError.badRequest(parsed.message);
  return parsed.requirements;
}

function fieldRequirements(resource: Resource, text: string): FieldRequirement[] {
  const parsed = parseFieldSelector(text);
  if (!parsed.ok) throw StatusError.badRequest(parsed.message);
  const known = selectableFields(resource);
  return parsed.requirements.map((requirement) => {
    const field = known.get(requirement.field);
    if (field === undefined) throw unknownField(resource, requirement.field);
    return { ...requirement, field };
  });
}

const commonFields = ["metadata.name", "metadata.namespace"];
const knownFields = new WeakMap<Resource, Map<string, string>>();

/** With the structs that some kind cannot be without. */
const blank = { metadata: {}, spec: {}, status: {}, involvedObject: {} };

/** Names that clients may use, with the index's own. A kind tells its fields by answering for an object that has none. */
function selectableFields(resource: Resource): Map<string, string> {
  const known = knownFields.get(resource);
  if (known !== undefined) return known;
  const own = resource.conversion?.fields;
  const plain = [...commonFields, ...(own === undefined ? Object.keys(resource.selectableFields?.(blank) ?? {}) : [])];
  const fields = new Map([...plain.map((field) => [field, field] as const), ...Object.entries(own ?? {})]);
  knownFields.set(resource, fields);
  return fields;
}

/** Kinds with fields of their own and kinds without say it differently. */
function unknownField(resource: Resource, field: string): StatusError {
  if (resource.selectableFields !== undefined || resource.conversion !== undefined) return StatusError.badRequest(`field label not supported: ${field}`);
  const only = commonFields.map((name) => JSON.stringify(name)).join(", ");
  return StatusError.badRequest(`${JSON.stringify(field)} is not a known field selector: only ${only}`);
}
