/** Conflicts as a client reads them: one message for all, one cause for each. */
import type { StatusCause } from "../../protocol/status.ts";
import type { ManagerEntry } from "./managers.ts";
import { comparePaths, pathText } from "./path-element.ts";

export interface Conflict {
  owner: ManagerEntry;
  path: readonly string[];
}

export function conflictCauses(conflicts: readonly Conflict[]): StatusCause[] {
  return inOrder(conflicts).map(({ owner, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${ownerText(owner)}`,
    field: pathText(path),
  }));
}

export function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${ownerText(first.owner)}: ${pathText(first.path)}`;
  }
  const byOwner = Map.groupBy(conflicts, ({ owner }) => ownerText(owner));
  const lines = [...byOwner].sort(([a], [b]) => compareTexts(a, b)).flatMap(([owner, own]) => [
    `conflicts with ${owner}:`,
    ...own.map(({ path }) => path).sort(comparePaths).map((path) => `- ${pathText(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

function inOrder(conflicts: readonly Conflict[]): Conflict[] {
  return [...conflicts].sort((a, b) => compareTexts(ownerText(a.owner), ownerText(b.owner)) || comparePaths(a.path, b.path));
}

function compareTexts(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

/** `"kubectl" using apps/v1`, `"hpa" with subresource "scale" using apps/v1`; an applier is of no version. */
function ownerText({ manager, operation, apiVersion, subresource }: ManagerEntry): string {
  const name = JSON.stringify(manager) + (subresource === undefined ? "" : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}
