/**
 * `application/vnd.kubernetes.protobuf`, as kubectl's typed commands send it: four bytes, then an envelope that says
 * which kind is inside. The result is the JSON value that the same client would have sent.
 *
 * Go always sends plain (non-pointer) fields, zero or not, while JSON leaves them out (`omitempty`): the wire does not
 * tell which is which, so the fields that are plain numbers and truths in Go are named here.
 */
import { resources } from "../../resources/registry.ts";
import { messageOf, type FieldType, type Message } from "./messages.ts";
import { fieldsOf, MalformedProtobuf, type WireValue } from "./wire.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

const magic = [0x6b, 0x38, 0x73, 0x00];

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

const otherKinds: Record<string, string> = {
  DeleteOptions: "~DeleteOptions",
  Scale: "@autoscaling.v1.Scale",
  Eviction: "@policy.v1.Eviction",
  Binding: "@core.v1.Binding",
};

/** Throws MalformedProtobuf. */
export function decodeProtobuf(body: Uint8Array): Record<string, unknown> {
  if (magic.some((byte, at) => body[at] !== byte)) throw new MalformedProtobuf("the body does not begin with k8s\\0");
  const { apiVersion, kind, raw } = envelopeOf(body.subarray(magic.length));
  const message = messageOf(messageNameOf(apiVersion, kind));
  if (message === undefined) throw new MalformedProtobuf(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  const object: Record<string, unknown> = { kind, apiVersion };
  readMessage(message, raw, object);
  return object;
}

function messageNameOf(apiVersion: string, kind: string): string {
  const resource = resources.find((one) => one.kind === kind && versionOf(one) === apiVersion);
  if (resource === undefined) return otherKinds[kind] ?? "";
  return resource.schema.replace("io.k8s.api.", "@");
}

function versionOf({ group, version }: { group: string; version: string }): string {
  return group === "" ? version : `${group}/${version}`;
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/** runtime.Unknown: 1 is its TypeMeta, 2 the object. */
function envelopeOf(bytes: Uint8Array): Envelope {
  const envelope: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array() };
  for (const [number, value] of fieldsOf(bytes)) {
    if (!("bytes" in value)) continue;
    if (number === 2) envelope.raw = value.bytes;
    if (number !== 1) continue;
    for (const [part, text] of fieldsOf(value.bytes)) {
      if (part === 1) envelope.apiVersion = textOf(text);
      if (part === 2) envelope.kind = textOf(text);
    }
  }
  return envelope;
}

function readMessage(message: Message, bytes: Uint8Array, target: Record<string, unknown>): void {
  for (const [number, value] of fieldsOf(bytes)) {
    const field = message.get(number);
    if (field === undefined) continue;
    const { name, type } = field;
    if (type.is === "repeated") append(target, name, itemsOf(type.of, value));
    else if (type.is === "map") setEntry(target, name, type.of, bytesOf(value));
    else if (name === "" && type.is === "message") readInline(type.message, bytesOf(value), target);
    else set(target, name, valueOf(type, value));
  }
}

function readInline(name: string, bytes: Uint8Array, target: Record<string, unknown>): void {
  const message = messageOf(name);
  if (message !== undefined) readMessage(message, bytes, target);
}

function set(target: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) return;
  if ((value === 0 || value === false) && plainFields.has(name)) return;
  if (value === "" && !pointersToText.has(name)) return;
  target[name] = value;
}

function append(target: Record<string, unknown>, name: string, items: unknown[]): void {
  const list = target[name];
  if (Array.isArray(list)) list.push(...items);
  else target[name] = items;
}

/** Numbers may come packed: many in one field. */
function itemsOf(type: FieldType, value: WireValue): unknown[] {
  const isPacked = type.is === "scalar" && "bytes" in value && type.scalar !== "string" && type.scalar !== "bytes";
  if (!isPacked) return [valueOf(type, value)];
  return packedOf(value.bytes).map((one) => valueOf(type, { varint: one }));
}

function packedOf(bytes: Uint8Array): bigint[] {
  const found: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    found.push(value);
    value = 0n;
    shift = 0n;
  }
  return found;
}

/** A map is a list of entries: 1 is the key, 2 the value. */
function setEntry(target: Record<string, unknown>, name: string, type: FieldType, bytes: Uint8Array): void {
  let key = "";
  let entry: unknown = type.is === "scalar" ? "" : {};
  for (const [number, value] of fieldsOf(bytes)) {
    if (number === 1) key = textOf(value);
    if (number === 2) entry = valueOf(type, value);
  }
  const present = target[name];
  const map = typeof present === "object" && present !== null ? present : (target[name] = {});
  // An own property even for a key such as __proto__.
  Object.defineProperty(map, key, { value: entry, enumerable: true, writable: true, configurable: true });
}

function valueOf(type: FieldType, value: WireValue): unknown {
  if (type.is === "scalar") return scalarOf(type.scalar, value);
  if (type.is !== "message") throw new MalformedProtobuf("lists of lists do not exist");
  return messageValueOf(type.message, bytesOf(value));
}

function scalarOf(scalar: string, value: WireValue): unknown {
  switch (scalar) {
    case "string":
      return textOf(value);
    case "bytes":
      return base64Of(bytesOf(value));
    case "bool":
      return integerOf(value) !== 0;
    case "double":
      return "double" in value ? value.double : integerOf(value);
    default:
      return integerOf(value);
  }
}

/** Types that have a form of their own in JSON. */
function messageValueOf(name: string, bytes: Uint8Array): unknown {
  switch (name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf("~")) + 1)) {
    case "Time":
      return timeOf(bytes, 0);
    case "MicroTime":
      return timeOf(bytes, 6);
    case "Quantity":
      return [...fieldsOf(bytes)].map(([, value]) => textOf(value)).at(-1) ?? "0";
    case "IntOrString":
      return intOrStringOf(bytes);
    case "RawExtension":
    case "FieldsV1":
      return rawOf(bytes);
    default: {
      const object: Record<string, unknown> = {};
      readInline(name, bytes, object);
      return object;
    }
  }
}

/** The zero time is no time. */
function timeOf(bytes: Uint8Array, digits: number): string | undefined {
  let seconds = 0;
  let nanos = 0;
  for (const [number, value] of fieldsOf(bytes)) {
    if (number === 1) seconds = integerOf(value);
    if (number === 2) nanos = integerOf(value);
  }
  if (seconds === 0 && nanos === 0) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(digits, "0")}Z`;
}

function intOrStringOf(bytes: Uint8Array): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 1) isText = integerOf(value) === 1;
    if (field === 2) number = integerOf(value);
    if (field === 3) text = textOf(value);
  }
  return isText ? text : number;
}

function rawOf(bytes: Uint8Array): unknown {
  for (const [, value] of fieldsOf(bytes)) {
    const text = textOf(value);
    try {
      return text === "" ? undefined : JSON.parse(text);
    } catch {
      throw new MalformedProtobuf("an embedded object is not JSON");
    }
  }
  return undefined;
}

function bytesOf(value: WireValue): Uint8Array {
  if ("bytes" in value) return value.bytes;
  throw new MalformedProtobuf("proto: wrong wireType");
}

function textOf(value: WireValue): string {
  return new TextDecoder().decode(bytesOf(value));
}

function integerOf(value: WireValue): number {
  if ("varint" in value) return Number(BigInt.asIntN(64, value.varint));
  throw new MalformedProtobuf("proto: wrong wireType");
}

function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
