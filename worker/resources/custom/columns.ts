/** `additionalPrinterColumns` as the columns of a table. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, nameColumn } from "../columns.ts";
import { since } from "../duration.ts";
import type { Column } from "../resource.ts";
import { find, parseJsonPath } from "./json-path.ts";
import type { PrinterColumn } from "./json-schema.ts";

export function definitionColumns(columns: PrinterColumn[] = []): Column[] {
  return columns.length === 0 ? [nameColumn, ageColumn] : [nameColumn, ...columns.map(columnOf)];
}

function columnOf({ name, type, jsonPath, format, description, priority = 0 }: PrinterColumn): Column {
  const parsed = parseJsonPath(jsonPath);
  const steps = "steps" in parsed ? parsed.steps : undefined;
  const cell = (object: Stored<KubernetesObject>, now: number): ReturnType<Column["cell"]> => {
    const [value] = steps === undefined ? [] : find(object, steps);
    return value === undefined || value === null ? null : cellOf(type, value, now);
  };
  return {
    name,
    // Validation let no other type through.
    type: type as Column["type"],
    ...(format === undefined ? {} : { format }),
    priority,
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    cell,
  };
}

function cellOf(type: string, value: unknown, now: number): ReturnType<Column["cell"]> {
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value !== "string" ? null : Number.isNaN(Date.parse(value)) ? "<invalid>" : since(value, now);
    default:
      return typeof value === "string" ? value : JSON.stringify(value);
  }
}
