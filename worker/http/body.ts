/** A request's body: bounded, JSON or YAML, then decoded as the kind that the path names. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { apiVersionOf } from "../registry/text.ts";
import { decode, strictDecodingError, undecodable, type DecodeResult } from "../resources/decode.ts";
import type { Resource } from "../resources/resource.ts";
import { duplicateFields } from "./duplicates.ts";
import { decodeProtobuf, MalformedProtobuf } from "./protobuf/decode.ts";
import { protobufType } from "./protobuf/encode.ts";
import { parseYaml } from "./yaml.ts";

/** Upstream's limit for a request. */
export const bodyLimitBytes = 3 * 1024 * 1024;
const patienceBytes = 32 * 1024 * 1024;
export const bodyTypes = ["application/json", "application/yaml", protobufType];

export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Text and type of a body that is small enough. */
export interface Body {
  text: string;
  /** Without parameters. */
  type: string;
}

/** What comes in protobuf is handed on as the JSON that it stands for. */
export async function readBody(request: Request): Promise<Body> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const length = Number(request.headers.get("content-length") ?? "NaN");
  if (length > bodyLimitBytes) throw await tooLarge(request.body?.getReader());
  if (type.endsWith("json") && !Number.isNaN(length)) return { text: await request.text(), type };
  const bytes = Number.isNaN(length) ? await readBounded(request) : new Uint8Array(await request.arrayBuffer());
  if (type === protobufType) return { text: fromProtobuf(bytes), type: "application/json" };
  return { text: new TextDecoder().decode(bytes), type };
}

function fromProtobuf(bytes: Uint8Array): string {
  // A delete's options may be left out.
  if (bytes.length === 0) return "";
  try {
    return JSON.stringify(decodeProtobuf(bytes));
  } catch (error) {
    if (error instanceof MalformedProtobuf) throw StatusError.badRequest(`the body cannot be decoded: ${error.message}`);
    throw error;
  }
}

async function readBounded(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    bytes += value.byteLength;
    if (bytes > bodyLimitBytes) throw await tooLarge(reader);
    chunks.push(value);
  }
}

/** A client that is still sending would see its connection reset and not the answer: take (and forget) some more. */
async function tooLarge(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<StatusError> {
  let left = patienceBytes;
  while (reader !== undefined && left > 0) {
    const { done, value } = await reader.read();
    if (done) break;
    left -= value.byteLength;
  }
  return StatusError.requestEntityTooLarge(bodyLimitBytes);
}

/** Parses JSON, or YAML where the type says so. `kind` is for the message only. */
export function parseBody({ text, type }: Body, kind: string): unknown {
  if (type !== "" && !bodyTypes.includes(type)) throw StatusError.unsupportedMediaType(bodyTypes);
  try {
    return type === "application/yaml" ? parseUniqueYaml(text) : JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    const format = type === "application/yaml" ? "yaml" : "json";
    throw StatusError.badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; ${format} parse error: ${why}`,
    );
  }
}

function parseUniqueYaml(text: string): unknown {
  const { value, duplicates: [twice] } = parseYaml(text);
  if (twice !== undefined) throw new Error(`line ${twice.line}: key ${JSON.stringify(twice.key)} already set in map`);
  return value;
}

export interface Decoded {
  /** As its kind is stored. */
  object: KubernetesObject;
  warnings: string[];
}

/** A body that is no object of its kind, with what its decoder met. */
export class UndecodableError extends StatusError {
  readonly why: Undecoded;

  constructor(message: string, why: Undecoded) {
    super({ code: 400, reason: "BadRequest", message });
    this.why = why;
  }
}

type Undecoded = Extract<DecodeResult<unknown>, { ok: false }>;

/** What decoding needs to know of a kind; a whole Resource will do. */
export type Decodable = Pick<Resource, "group" | "version" | "kind" | "schema" | "conversion" | "custom">;

/** The object that the body holds, checked field by field. What it does not know is dropped, warned of or refused. */
export function decodeBody(resource: Decodable, body: Body, validation: FieldValidation): Decoded {
  const value = parseBody(body, resource.kind);
  rejectOtherKind(resource, value);
  const duplicates = validation === "Ignore" || body.type === "application/yaml" ? [] : duplicateFields(body.text);
  return decodeValue(resource, value, validation, duplicates);
}

export function decodeValue(
  resource: Decodable,
  value: unknown,
  validation: FieldValidation,
  duplicates: string[] = [],
): Decoded {
  const about = { kind: resource.kind, apiVersion: apiVersionOf(resource) };
  const decoded = resource.custom === undefined ? decode<KubernetesObject>(resource.schema, value) : resource.custom.decode(value);
  if (!decoded.ok) throw new UndecodableError(undecodable(about, decoded.message), decoded);
  const problems = [...decoded.unknownFields, ...duplicates];
  if (validation === "Strict" && problems.length > 0) {
    throw StatusError.badRequest(undecodable(about, strictDecodingError(problems)));
  }
  const object = resource.conversion?.toStored(decoded.object) ?? decoded.object;
  return { object, warnings: validation === "Warn" ? problems : [] };
}

/** A body may leave out its kind and version, but not name others than the path. */
function rejectOtherKind(resource: Decodable, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw StatusError.badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonType(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const { apiVersion, kind } = value as KubernetesObject;
  const expected = apiVersionOf(resource);
  if (apiVersion && apiVersion !== expected) {
    throw StatusError.badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (kind && kind !== resource.kind) {
    const why = `${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: `;
    throw StatusError.badRequest(`${why}the object provided is a ${kind}, the path is that of a ${resource.kind}`);
  }
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return value === null ? "null" : typeof value;
}
