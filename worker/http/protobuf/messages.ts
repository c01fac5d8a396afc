/** The table of messages (./generated), parsed when the first client speaks protobuf. */
import { messages as text } from "./generated/messages.ts";

export interface MessageField {
  number: number;
  /** Its name in JSON; `""`: its own fields stand here instead. */
  name: string;
  type: FieldType;
}

export type FieldType =
  | { is: "scalar"; scalar: string }
  | { is: "message"; message: string; form: Form }
  | { is: "repeated"; of: FieldType }
  | { is: "map"; of: FieldType };

/** Types with a form of their own in JSON; everything else is an object of fields. */
const forms = ["Time", "MicroTime", "Quantity", "IntOrString", "RawExtension", "FieldsV1", "Verbs", "ExtraValue"] as const;
export type Form = (typeof forms)[number] | "object";

export type Message = Map<number, MessageField>;

let table: Record<string, Record<string, string>> | undefined;
const known = new Map<string, Message>();

/** By its short name (`@core.v1.Pod`, `~ObjectMeta`); undefined for messages of kinds that are not served. */
export function messageOf(name: string): Message | undefined {
  const parsed = known.get(name);
  if (parsed !== undefined) return parsed;
  // The generated text has exactly this shape.
  table ??= JSON.parse(text) as Record<string, Record<string, string>>;
  const fields = Object.hasOwn(table, name) ? table[name] : undefined;
  if (fields === undefined) return undefined;
  const message: Message = new Map(Object.entries(fields).map(([number, field]) => [Number(number), fieldOf(Number(number), field)]));
  known.set(name, message);
  return message;
}

const metaVersions = ["v1", "meta.k8s.io/v1"];
const builtInGroup = /^([a-z]+)(?:\.(?:apiserver\.|authorization\.)?k8s\.io)?$/;

/** The message of a built-in kind, by what the object says of itself; undefined: it has no form in protobuf. */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  // What the API machinery itself says has no group of its own, and options are sent under any.
  const isMeta = metaVersions.includes(apiVersion) || kind === "DeleteOptions";
  const meta = isMeta ? messageOf(`~${kind}`) : undefined;
  if (meta !== undefined) return meta;
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "core" : builtInGroup.exec(apiVersion.slice(0, slash))?.[1];
  return group === undefined ? undefined : messageOf(`@${group}.${apiVersion.slice(slash + 1)}.${kind}`);
}

function fieldOf(number: number, text: string): MessageField {
  const space = text.indexOf(" ");
  return { number, name: text.slice(0, space), type: typeOf(text.slice(space + 1)) };
}

function typeOf(text: string): FieldType {
  if (text.startsWith("repeated ")) return { is: "repeated", of: typeOf(text.slice("repeated ".length)) };
  if (text.startsWith("map ")) return { is: "map", of: typeOf(text.slice("map ".length)) };
  if (!/[.~]/.test(text)) return { is: "scalar", scalar: text };
  const last = text.slice(Math.max(text.lastIndexOf("."), text.lastIndexOf("~")) + 1);
  return { is: "message", message: text, form: forms.find((form) => form === last) ?? "object" };
}
