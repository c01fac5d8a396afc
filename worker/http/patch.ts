/** PATCH: the current state, patched, is an update like any other. Server-side apply has its own way (./apply.ts). */
import { StatusError } from "../../protocol/status.ts";
import { applyPatch, applyType, patchTypeOf, patchTypes, patchTypesOf, type JsonObject, type PatchResult, type PatchType } from "../patch/patch.ts";
import { servedAs } from "../registry/text.ts";
import { apply, isApply } from "./apply.ts";
import { conversionError, goText } from "../resources/go-conversion.ts";
import { decodeValue, readBody, UndecodableError, type Decoded, type FieldValidation } from "./body.ts";
import type { Call } from "./context.ts";
import { checkName, placeInNamespace } from "./names.ts";
import { writeOptionsOf, type WriteOptions } from "./options.ts";
import { committedResponse } from "./respond.ts";
import { commitUpdate } from "./update.ts";

export interface Patch {
  type: PatchType;
  value: unknown;
}

export async function patch(call: Call): Promise<Response> {
  if (isApply(call.request)) return await apply(call);
  const { served, query, info } = call;
  const { fieldValidation, isDryRun } = patchOptionsOf(query);
  const body = await readPatch(call.request, patchTypesOf(served));
  let warnings: string[] = [];
  const committed = await commitUpdate(
    call,
    (current) => {
      const decoded = decodePatched(call, body, patched(body, served.schema, servedAs(served, current)), fieldValidation);
      warnings = decoded.warnings;
      checkName(call, decoded.object);
      placeInNamespace(call, decoded.object);
      return decoded.object;
    },
    { isDryRun, hasPrecondition: false, subresource: info.subresource },
  );
  return committedResponse(call, committed, 200, warnings);
}

/** Upstream reads what a strategic merge made by another way than a body, and refuses it in other words. */
function decodePatched({ served }: Call, { type, value }: Patch, object: JsonObject, fieldValidation: FieldValidation): Decoded {
  try {
    return decodeValue(served, object, fieldValidation);
  } catch (error) {
    if (type !== "application/strategic-merge-patch+json" || !(error instanceof UndecodableError)) throw error;
    const { mismatch, message } = error.why;
    const why = mismatch === undefined ? message : conversionError(mismatch);
    const cause = { reason: "FieldValueInvalid", field: "patch", message: `Invalid value: ${JSON.stringify(goText(value))}: ${why}` };
    throw StatusError.invalid({ group: "", kind: "", name: "" }, [cause]);
  }
}

/** Of the patches that are no apply. */
export function patchOptionsOf(query: URLSearchParams): WriteOptions {
  const isForcing = query.has("force");
  const forbidden = { reason: "FieldValueForbidden", message: "Forbidden: may not be specified for non-apply patch", field: "force" };
  return writeOptionsOf(query, "PatchOptions", isForcing ? [forbidden] : []);
}

export async function readPatch(request: Request, types: readonly PatchType[] = patchTypes): Promise<Patch> {
  const { text, type: contentType } = await readBody(request);
  const type = patchTypeOf(contentType);
  if (type === undefined || !types.includes(type)) throw StatusError.unsupportedMediaType([...types, applyType]);
  try {
    return { type, value: JSON.parse(text) };
  } catch (error) {
    throw StatusError.badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The document with the patch applied; what cannot be applied is refused as upstream refuses it. */
export function patched(body: Patch, schema: string, document: JsonObject): JsonObject {
  const result = applyPatch(body.type, schema, document, body.value);
  if (result.ok) return result.value;
  throw new StatusError({ code: result.code, reason: reasonOf(result), message: result.message });
}

function reasonOf({ code }: Extract<PatchResult, { ok: false }>): string {
  switch (code) {
    case 400:
      return "BadRequest";
    case 413:
      return "RequestEntityTooLarge";
    case 422:
      return "Invalid";
  }
}
