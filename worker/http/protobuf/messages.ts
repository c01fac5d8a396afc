/** The table of messages (./generated), parsed when the first body in protobuf comes. */
import { messages as text } from "./generated/messages.ts";

export interface MessageField {
  /** Its name in JSON; `""`: its own fields stand here instead. */
  name: string;
  type: FieldType;
}

export type FieldType =
  | { is: "scalar"; scalar: string }
  | { is: "message"; message: string }
  | { is: "repeated"; of: FieldType }
  | { is: "map"; of: FieldType };

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
  const message: Message = new Map(Object.entries(fields).map(([number, field]) => [Number(number), fieldOf(field)]));
  known.set(name, message);
  return message;
}

function fieldOf(text: string): MessageField {
  const space = text.indexOf(" ");
  return { name: text.slice(0, space), type: typeOf(text.slice(space + 1)) };
}

function typeOf(text: string): FieldType {
  if (text.startsWith("repeated ")) return { is: "repeated", of: typeOf(text.slice("repeated ".length)) };
  if (text.startsWith("map ")) return { is: "map", of: typeOf(text.slice("map ".length)) };
  return /[.~]/.test(text) ? { is: "message", message: text } : { is: "scalar", scalar: text };
}
