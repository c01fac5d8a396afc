/**
 * Objects of built-in kinds as `application/vnd.kubernetes.protobuf`: four bytes, then an envelope that says which kind
 * is inside. Only what the JSON says is written: a reader takes what is missing for zero, as the kinds' Go types do.
 */
import { Writer } from "protobufjs/minimal.js";
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import { messageOf, messageOfKind, type FieldType, type Form, type Message } from "./messages.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);
const delimited = 2;

export interface TypeMeta {
  apiVersion: string;
  kind: string;
}

export function hasProtobuf({ apiVersion, kind }: TypeMeta): boolean {
  return messageOfKind(apiVersion, kind) !== undefined;
}

/** `object` says its own kind, which has a form in protobuf (`hasProtobuf`), or is a list of such a kind. */
export function encodeProtobuf(object: object): Uint8Array {
  const { apiVersion = "", kind = "", metadata = {}, items }: Partial<TypeMeta> & { metadata?: object; items?: object[] } = object;
  if (items === undefined || !kind.endsWith("List")) return envelope({ apiVersion, kind }, encodeMessage({ apiVersion, kind }, object));
  const type = { apiVersion, kind: kind.slice(0, -"List".length) };
  return encodeList({ apiVersion, kind }, metadata, items.map((item) => encodeMessage(type, item)));
}

/** One item of a list, without an envelope. */
export function encodeMessage(type: TypeMeta, object: object): Uint8Array {
  const message = messageOfKind(type.apiVersion, type.kind);
  if (message === undefined) throw new Error(`${type.kind} of ${type.apiVersion} has no form in protobuf`);
  const writer = newWriter();
  writeFields(writer, message, object);
  return writer.finish();
}

/** Every list has the same two fields: 1 is its metadata, 2 are the items. */
export function encodeList(type: TypeMeta, metadata: object, items: Uint8Array[]): Uint8Array {
  const writer = newWriter();
  writeValue(writer, 1, { is: "message", message: "~ListMeta", form: "object" }, metadata);
  for (const item of items) writer.uint32(tagOf(2, delimited)).bytes(item);
  return envelope(type, writer.finish());
}

/** A watch is a row of frames: a length of four bytes, then a WatchEvent whose object is in an envelope. */
export function encodeFrame(type: string, object: Uint8Array): Uint8Array {
  const writer = newWriter();
  writer.uint32(tagOf(1, delimited)).string(type);
  writer.uint32(tagOf(2, delimited)).fork().uint32(tagOf(1, delimited)).bytes(object).ldelim();
  const event = writer.finish();
  const frame = new Uint8Array(4 + event.length);
  new DataView(frame.buffer).setUint32(0, event.length);
  frame.set(event, 4);
  return frame;
}

/** runtime.Unknown: 1 is its TypeMeta, 2 the object. */
function envelope({ apiVersion, kind }: TypeMeta, raw: Uint8Array): Uint8Array {
  const writer = newWriter();
  writer.uint32(tagOf(1, delimited)).fork();
  writer.uint32(tagOf(1, delimited)).string(apiVersion).uint32(tagOf(2, delimited)).string(kind).ldelim();
  writer.uint32(tagOf(2, delimited)).bytes(raw);
  const unknown = writer.finish();
  const bytes = new Uint8Array(magic.length + unknown.length);
  bytes.set(magic);
  bytes.set(unknown, magic.length);
  return bytes;
}

/** Not `Writer.create`: its variant for Node's Buffer fails on workerd's (`utf8Write` wants a length there). */
function newWriter(): Writer {
  return new Writer();
}

function tagOf(number: number, wireType: number): number {
  return (number << 3) | wireType;
}

function writeFields(writer: Writer, message: Message, object: object): void {
  for (const { number, name, type } of message.values()) {
    if (name === "") writeValue(writer, number, type, object);
    // An object of the API: its fields by their names.
    else writeField(writer, number, type, (object as Record<string, unknown>)[name]);
  }
}

function writeField(writer: Writer, number: number, type: FieldType, value: unknown): void {
  if (value === undefined || value === null) return;
  if (type.is === "repeated") {
    if (Array.isArray(value)) for (const item of value as unknown[]) writeValue(writer, number, type.of, item);
  } else if (type.is === "map") {
    if (isRecord(value)) for (const entry of Object.entries(value)) writeEntry(writer, number, type.of, entry);
  } else {
    writeValue(writer, number, type, value);
  }
}

/** A map is a list of entries: 1 is the key, 2 the value. */
function writeEntry(writer: Writer, number: number, type: FieldType, [key, value]: [string, unknown]): void {
  writer.uint32(tagOf(number, delimited)).fork().uint32(tagOf(1, delimited)).string(key);
  writeField(writer, 2, type, value);
  writer.ldelim();
}

function writeValue(writer: Writer, number: number, type: FieldType, value: unknown): void {
  if (type.is === "scalar") return writeScalar(writer, number, type.scalar, value);
  if (type.is !== "message") throw new Error("lists of lists do not exist");
  writer.uint32(tagOf(number, delimited)).fork();
  writeForm(writer, type, value);
  writer.ldelim();
}

function writeScalar(writer: Writer, number: number, scalar: string, value: unknown): void {
  switch (scalar) {
    case "string":
      writer.uint32(tagOf(number, delimited)).string(String(value));
      return;
    case "bytes":
      writer.uint32(tagOf(number, delimited)).bytes(bytesOf(String(value)));
      return;
    case "bool":
      writer.uint32(tagOf(number, 0)).bool(value === true);
      return;
    case "double":
      writer.uint32(tagOf(number, 1)).double(Number(value));
      return;
    default:
      writer.uint32(tagOf(number, 0)).int64(Number(value));
  }
}

function writeForm(writer: Writer, { message, form }: { message: string; form: Form }, value: unknown): void {
  switch (form) {
    case "Time":
    case "MicroTime":
      return writeTime(writer, String(value));
    case "Quantity":
      return writeScalar(writer, 1, "string", value);
    case "IntOrString":
      return writeIntOrString(writer, value);
    case "RawExtension":
    case "FieldsV1":
      return writeScalar(writer, 1, "string", JSON.stringify(value));
    case "Verbs":
    case "ExtraValue":
      return writeField(writer, 1, { is: "repeated", of: { is: "scalar", scalar: "string" } }, value);
    case "object": {
      const fields = messageOf(message);
      if (fields !== undefined && isRecord(value)) writeFields(writer, fields, value);
    }
  }
}

/** Seconds and nanoseconds since the epoch. */
function writeTime(writer: Writer, text: string): void {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return;
  const nanos = Number((/\.(\d{1,9})/.exec(text)?.[1] ?? "").padEnd(9, "0"));
  writeScalar(writer, 1, "int64", Math.floor(ms / 1000));
  if (nanos !== 0) writeScalar(writer, 2, "int32", nanos);
}

/** 1 says which: 0 a number (2), 1 a text (3). */
function writeIntOrString(writer: Writer, value: unknown): void {
  if (typeof value !== "string") return writeScalar(writer, 2, "int32", value);
  writeScalar(writer, 1, "int64", 1);
  writeScalar(writer, 3, "string", value);
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
