/** One object, or one Status, as the client wants to see it. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { Status } from "../../protocol/status.ts";
import { objectOf, servedAs, splice } from "../registry/text.ts";
import type { Committed } from "../registry/writer.ts";
import type { StoredObject } from "../storage/store.ts";
import type { Call } from "./context.ts";
import { answer, encoded } from "./formats/answer.ts";
import { plainJson } from "./formats/accept.ts";
import { partialMetadata } from "./formats/metadata-form.ts";
import { includeObjectOf, tableOf } from "./formats/table.ts";

type Text = Pick<StoredObject, "text" | "revision">;

/** A stored object; nothing is parsed when plain JSON is wanted. */
export function storedResponse(call: Call, stored: Text, code = 200): Response {
  if (call.accepted !== plainJson) return formResponse(call, objectOf(call.served, stored), code);
  return answer(call.request, `${splice(call.served, stored)}\n`, { encoding: "json", code });
}

/** What a write made of an object. */
export function committedResponse(call: Call, committed: Committed, code = 200, warnings: string[] = []): Response {
  const { stored, object } = committed;
  const response = stored === undefined ? formResponse(call, servedAs(call.served, object), code) : storedResponse(call, stored, code);
  return withWarnings(response, [...warnings, ...committed.warnings]);
}

/** Any other object of the API: a Scale, a Status. It has one form only. */
export function objectResponse({ request, accepted: { encoding } }: Call, object: KubernetesObject | Status, code = 200): Response {
  return answer(request, encoded(object, encoding), { encoding, code });
}

/** RFC 7234 `Warning` headers, code 299, as kubectl prints them. */
export function withWarnings(response: Response, warnings: string[]): Response {
  for (const warning of new Set(warnings)) {
    const text = warning.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll(/[^\x20-\x7e]/g, "?");
    response.headers.append("warning", `299 - "${text}"`);
  }
  return response;
}

function formResponse(call: Call, object: Stored<KubernetesObject>, code: number): Response {
  const { encoding } = call.accepted;
  return answer(call.request, encoded(formed(call, object), encoding), { encoding, code });
}

function formed({ accepted, served, query, context }: Call, object: Stored<KubernetesObject>): object {
  switch (accepted.form) {
    case "object":
      return object;
    case "metadata":
      return partialMetadata(object);
    case "table":
      return tableOf(served, [object], { resourceVersion: object.metadata.resourceVersion }, { include: includeObjectOf(query), now: context.now });
  }
}
