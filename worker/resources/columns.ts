/** Columns that several kinds have; `priority` 1 shows with `-o wide` only. */
import type { Container, LabelSelector } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { since } from "./duration.ts";
import type { Column } from "./resource.ts";

type Cell<T> = (object: Stored<T>, now: number) => string | number | boolean | null;

/** One column of a kind's table. `T` is the kind: the table of a resource only ever sees its own objects. */
export function column<T extends KubernetesObject>(
  name: string,
  description: string,
  cell: Cell<T>,
  options: { type?: Column["type"]; priority?: number; format?: string } = {},
): Column {
  const { type = "string", priority = 0, format } = options;
  // The resource's objects are of kind T; Column itself does not carry the kind.
  const own = cell as Cell<KubernetesObject>;
  return { name, type, ...(format === undefined ? {} : { format }), priority, description, cell: own };
}

export const wide = { priority: 1 };
export const integer = { type: "integer" as const };

export const nameColumn = column("Name", "The object's name, unique in its namespace.", (object) => object.metadata.name, {
  format: "name",
});

export const ageColumn = column("Age", "Time since the object was created.", (object, now) =>
  since(object.metadata.creationTimestamp, now),
);

/** Of kinds without columns of their own. */
export const createdAtColumn = column("Created At", "When the object was created.", (object) => object.metadata.creationTimestamp, {
  type: "date",
});

/** `a=b,c=d`, or `<none>`. */
export function labelsText(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? "<none>" : pairs.map(([key, value]) => (value === "" ? key + "=" : `${key}=${value}`)).join(",");
}

/** A LabelSelector as kubectl prints it: `app=web,tier in (a,b),!x`. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "<none>";
  const parts = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const list = `(${[...values].sort().join(",")})`;
    if (operator === "In") parts.push(`${key} in ${list}`);
    else if (operator === "NotIn") parts.push(`${key} notin ${list}`);
    else parts.push(operator === "Exists" ? key : `!${key}`);
  }
  return parts.length === 0 ? "<none>" : parts.sort().join(",");
}

type HasTemplate = { spec?: { template?: { spec?: { containers?: Container[] } } } };
const containersOf = (object: KubernetesObject): Container[] =>
  // Only kinds with a pod template use these columns.
  (object as HasTemplate).spec?.template?.spec?.containers ?? [];

export const containersColumn = column(
  "Containers",
  "Names of the template's containers.",
  (object) => containersOf(object).map((container) => container.name).join(","),
  wide,
);

export const imagesColumn = column(
  "Images",
  "Images of the template's containers.",
  (object) => containersOf(object).map((container) => container.image).join(","),
  wide,
);

export const selectorColumn = column(
  "Selector",
  "Which pods belong to the object.",
  (object) => selectorText((object as { spec?: { selector?: LabelSelector } }).spec?.selector),
  wide,
);
