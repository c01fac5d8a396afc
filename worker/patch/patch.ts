/** What applying a patch yields, and the content types of a PATCH request. */
import type { Resource } from "../resources/resource.ts";
import { jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

/** `code` is the HTTP status that kube-apiserver answers such a patch with. */
export type PatchResult =
  | { ok: true; value: JsonObject }
  /** `isTestFailed`: a JSON patch that would apply, but for its own `test`. */
  | { ok: false; code: 400 | 413 | 422; message: string; isTestFailed?: true };

export type JsonObject = Record<string, unknown>;

export const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
] as const;
export type PatchType = (typeof patchTypes)[number];

/** What a kind can be patched with: how two custom resources merge beyond their JSON, no schema says. */
export const patchTypesOf = ({ custom }: Pick<Resource, "custom">): readonly PatchType[] =>
  custom === undefined ? patchTypes : patchTypes.filter((type) => type !== "application/strategic-merge-patch+json");

/** Server-side apply: no patch to what is there, but a configuration that is merged into it (../fields/apply.ts). */
export const applyType = "application/apply-patch+yaml";

/** Undefined for server-side apply and whatever else is none of the three. Parameters (`; charset=…`) are ignored. */
export function patchTypeOf(contentType: string): PatchType | undefined {
  const plain = contentType.split(";")[0]?.trim().toLowerCase();
  return patchTypes.find((type) => type === plain);
}

/** `schema` names the document's type for strategic merges. Neither argument is changed. */
export function applyPatch(type: PatchType, schema: string, document: JsonObject, patch: unknown): PatchResult {
  switch (type) {
    case "application/json-patch+json":
      return jsonPatch(document, patch);
    case "application/merge-patch+json":
      return mergePatch(document, patch);
    case "application/strategic-merge-patch+json":
      return strategicMergePatch(schema, document, patch);
  }
}
