/** One object, or one Status, as the client wants to see it. */
import { stringify as yamlOf } from "yaml";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { Status } from "../../protocol/status.ts";
import { objectOf, servedAs, splice } from "../registry/text.ts";
import type { Committed } from "../registry/writer.ts";
import type { StoredObject } from "../storage/store.ts";
import { acceptOf, type Accepted } from "./formats/accept.ts";
import type { Call } from "./context.ts";
import { partialMetadata } from "./formats/metadata-form.ts";
import { includeObjectOf, tableOf } from "./formats/table.ts";

type Text = Pick<StoredObject, "text" | "revision">;

/** A stored object; nothing is parsed when plain JSON is wanted. */
export function storedResponse(call: Call, stored: Text): Response {
  const accepted = acceptOf(call.request);
  if (accepted.form === "object" && !accepted.isYaml) return jsonText(splice(call.served, stored));
  return formResponse(call, objectOf(call.served, stored), accepted);
}

/** What a write made of an object. */
export function committedResponse(call: Call, committed: Committed, code = 200, warnings: string[] = []): Response {
  const accepted = acceptOf(call.request);
  const { stored, object } = committed;
  const response =
    stored !== undefined && accepted.form === "object" && !accepted.isYaml
      ? jsonText(splice(call.served, stored), code)
      : formResponse(call, servedAs(call.served, object), accepted, code);
  return withWarnings(response, [...warnings, ...committed.warnings]);
}

/** Any other object of the API: a Scale, a Status. */
export function objectResponse(call: Call, object: KubernetesObject | Status, code = 200): Response {
  return encode(object, acceptOf(call.request), code);
}

export function jsonText(text: string, code = 200): Response {
  return new Response(`${text}\n`, { status: code, headers: { "content-type": "application/json" } });
}

/** RFC 7234 `Warning` headers, code 299, as kubectl prints them. */
export function withWarnings(response: Response, warnings: string[]): Response {
  for (const warning of new Set(warnings)) {
    const text = warning.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll(/[^\x20-\x7e]/g, "?");
    response.headers.append("warning", `299 - "${text}"`);
  }
  return response;
}

function formResponse(call: Call, object: Stored<KubernetesObject>, accepted: Accepted, code = 200): Response {
  switch (accepted.form) {
    case "object":
      return encode(object, accepted, code);
    case "metadata":
      return encode(partialMetadata(object), accepted, code);
    case "table": {
      const options = { include: includeObjectOf(call.query), now: call.context.now };
      return encode(tableOf(call.served, [object], { resourceVersion: object.metadata.resourceVersion }, options), accepted, code);
    }
  }
}

function encode(value: object, { isYaml }: Accepted, code: number): Response {
  if (!isYaml) return jsonText(JSON.stringify(value), code);
  return new Response(yamlOf(value), { status: code, headers: { "content-type": "application/yaml" } });
}
