/**
 * `application/vnd.kubernetes.protobuf` (see ./encode.ts) as the JSON value that the same client would have sent.
 *
 * Go always sends plain (non-pointer) fields, zero or not, while JSON leaves them out (`omitempty`): the wire does not
 * tell which is which, so the fields that are plain numbers and truths in Go are named here.
 */
import { Reader } from "protobufjs/minimal.js";
import { messageOf, messageOfKind, type FieldType, type Form, type Message } from "./messages.ts";

export class MalformedProtobuf extends Error {}

const magic = [0x6b, 0x38, 0x73, 0x00];
const delimited = 2;

/** Zero means "not set" for these, wherever they stand. */
const plainFields = new Set(
  [
    "generation observedGeneration hostPort hostNetwork hostPID hostIPC stdin stdinOnce tty readOnly signal",
    "initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold minReadySeconds paused nodePort",
    "publishNotReadyAddresses healthCheckNodePort unschedulable count globalDefault start",
    "updatedReplicas readyReplicas availableReplicas unavailableReplicas fullyLabeledReplicas currentReplicas",
  ].flatMap((line) => line.split(" ")),
);

/** An empty text means something for these only. */
const pointersToText = new Set(["storageClassName", "volumeAttributesClassName", "ingressClassName"]);

type Fields = Record<string, unknown>;

/** Throws MalformedProtobuf. */
export function decodeProtobuf(body: Uint8Array): Fields {
  if (magic.some((byte, at) => body[at] !== byte)) throw new MalformedProtobuf("the body does not begin with k8s\\0");
  try {
    return decodeEnvelope(body.subarray(magic.length));
  } catch (error) {
    // The reader's own: a length beyond the end, an unknown wire type, a number that does not end.
    if (error instanceof RangeError || (error instanceof Error && error.message.startsWith("invalid "))) throw new MalformedProtobuf(`proto: ${error.message}`);
    throw error;
  }
}

/** runtime.Unknown: 1 is its TypeMeta, 2 the object. */
function decodeEnvelope(bytes: Uint8Array): Fields {
  const envelope: { apiVersion: string; kind: string; raw: Uint8Array } = { apiVersion: "", kind: "", raw: new Uint8Array() };
  eachField(Reader.create(bytes), bytes.length, (number, wireType, reader) => {
    if (number === 2) envelope.raw = bytesOf(reader, wireType);
    else if (number === 1) eachField(reader, endOf(reader, wireType), (part, partType) => {
      if (part === 1) envelope.apiVersion = textOf(reader, partType);
      else if (part === 2) envelope.kind = textOf(reader, partType);
      else reader.skipType(partType);
    });
    else reader.skipType(wireType);
  });
  const { apiVersion, kind, raw } = envelope;
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) throw new MalformedProtobuf(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  const object: Fields = { kind, apiVersion };
  readFields(message, Reader.create(raw), raw.length, object);
  return object;
}

type Visit = (number: number, wireType: number, reader: Reader) => void;

function eachField(reader: Reader, end: number, visit: Visit): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    visit(tag >>> 3, tag & 7, reader);
  }
  if (reader.pos > end) throw new MalformedProtobuf("unexpected EOF");
}

function readFields(message: Message, reader: Reader, end: number, target: Fields): void {
  eachField(reader, end, (number, wireType) => {
    const field = message.get(number);
    if (field === undefined) return reader.skipType(wireType);
    const { name, type } = field;
    if (type.is === "repeated") append(target, name, itemsOf(type.of, reader, wireType));
    else if (type.is === "map") readEntry(target, name, type.of, reader, wireType);
    else if (name === "" && type.is === "message") readFields(messageOf(type.message) ?? new Map(), reader, endOf(reader, wireType), target);
    else set(target, name, valueOf(type, reader, wireType));
  });
}

function set(target: Fields, name: string, value: unknown): void {
  if (value === undefined) return;
  if ((value === 0 || value === false) && plainFields.has(name)) return;
  if (value === "" && !pointersToText.has(name)) return;
  target[name] = value;
}

function append(target: Fields, name: string, items: unknown[]): void {
  const list = target[name];
  if (Array.isArray(list)) list.push(...items);
  else target[name] = items;
}

/** Numbers may come packed: many in one field. */
function itemsOf(type: FieldType, reader: Reader, wireType: number): unknown[] {
  const isPacked = type.is === "scalar" && wireType === delimited && type.scalar !== "string" && type.scalar !== "bytes";
  if (!isPacked) return [valueOf(type, reader, wireType)];
  const items: unknown[] = [];
  for (const end = endOf(reader, wireType); reader.pos < end;) items.push(valueOf(type, reader, 0));
  return items;
}

/** A map is a list of entries: 1 is the key, 2 the value. */
function readEntry(target: Fields, name: string, type: FieldType, reader: Reader, wireType: number): void {
  let key = "";
  let entry: unknown = type.is === "scalar" ? "" : {};
  eachField(reader, endOf(reader, wireType), (number, partType) => {
    if (number === 1) key = textOf(reader, partType);
    else if (number === 2) entry = valueOf(type, reader, partType);
    else reader.skipType(partType);
  });
  const present = target[name];
  const map = typeof present === "object" && present !== null ? present : (target[name] = {});
  // An own property even for a key such as __proto__.
  Object.defineProperty(map, key, { value: entry, enumerable: true, writable: true, configurable: true });
}

function valueOf(type: FieldType, reader: Reader, wireType: number): unknown {
  if (type.is === "scalar") return scalarOf(type.scalar, reader, wireType);
  if (type.is !== "message") throw new MalformedProtobuf("lists of lists do not exist");
  return formOf(type, reader, endOf(reader, wireType));
}

function scalarOf(scalar: string, reader: Reader, wireType: number): unknown {
  switch (scalar) {
    case "string":
      return textOf(reader, wireType);
    case "bytes":
      return base64Of(bytesOf(reader, wireType));
    case "bool":
      return integerOf(reader, wireType) !== 0;
    case "double":
      requireType(wireType, 1);
      return reader.double();
    default:
      return integerOf(reader, wireType);
  }
}

function formOf({ message, form }: { message: string; form: Form }, reader: Reader, end: number): unknown {
  switch (form) {
    case "Time":
      return timeOf(reader, end, 0);
    case "MicroTime":
      return timeOf(reader, end, 6);
    case "Quantity":
      return textsOf(reader, end).at(-1) ?? "0";
    case "IntOrString":
      return intOrStringOf(reader, end);
    case "RawExtension":
    case "FieldsV1":
      return rawOf(textsOf(reader, end).at(-1) ?? "");
    case "Verbs":
    case "ExtraValue":
      return textsOf(reader, end);
    case "object": {
      const object: Fields = {};
      readFields(messageOf(message) ?? new Map(), reader, end, object);
      return object;
    }
  }
}

/** Texts of a message whose one field holds them. */
function textsOf(reader: Reader, end: number): string[] {
  const texts: string[] = [];
  eachField(reader, end, (number, wireType) => {
    if (number === 1) texts.push(textOf(reader, wireType));
    else reader.skipType(wireType);
  });
  return texts;
}

/** The zero time is no time. */
function timeOf(reader: Reader, end: number, digits: number): string | undefined {
  let seconds = 0;
  let nanos = 0;
  eachField(reader, end, (number, wireType) => {
    if (number === 1) seconds = integerOf(reader, wireType);
    else if (number === 2) nanos = integerOf(reader, wireType);
    else reader.skipType(wireType);
  });
  if (seconds === 0 && nanos === 0) return undefined;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new MalformedProtobuf("a time is beyond all years");
  const whole = date.toISOString().slice(0, 19);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(digits, "0")}Z`;
}

function intOrStringOf(reader: Reader, end: number): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  eachField(reader, end, (field, wireType) => {
    if (field === 1) isText = integerOf(reader, wireType) === 1;
    else if (field === 2) number = integerOf(reader, wireType);
    else if (field === 3) text = textOf(reader, wireType);
    else reader.skipType(wireType);
  });
  return isText ? text : number;
}

function rawOf(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new MalformedProtobuf("an embedded object is not JSON");
  }
}

function requireType(wireType: number, expected: number): void {
  if (wireType !== expected) throw new MalformedProtobuf(`proto: wrong wireType = ${wireType}`);
}

/** Where the message that begins here ends. */
function endOf(reader: Reader, wireType: number): number {
  requireType(wireType, delimited);
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new MalformedProtobuf("unexpected EOF");
  return end;
}

function bytesOf(reader: Reader, wireType: number): Uint8Array {
  requireType(wireType, delimited);
  return reader.bytes();
}

function textOf(reader: Reader, wireType: number): string {
  requireType(wireType, delimited);
  return reader.string();
}

function integerOf(reader: Reader, wireType: number): number {
  requireType(wireType, 0);
  const value = reader.int64();
  return typeof value === "number" ? value : value.high * 2 ** 32 + (value.low >>> 0);
}

function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
