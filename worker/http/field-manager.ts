/** Whose writes a client's are: what it says, or the first word of its User-Agent. */
import type { StatusCause } from "../../protocol/status.ts";

const limitBytes = 128;
const unprintable = /[^\P{C}]|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

export function fieldManagerOf(query: URLSearchParams, request: Request): string {
  return query.get("fieldManager") || managerOfAgent(request.headers.get("user-agent") ?? "") || "unknown";
}

function managerOfAgent(userAgent: string): string {
  const [product = ""] = userAgent.split("/", 1);
  if (product.length < limitBytes / 4 && !unprintable.test(product)) return product;
  let name = "";
  for (const character of product) {
    if (unprintable.test(character)) continue;
    if (bytesOf(name + character) > limitBytes) break;
    name += character;
  }
  return name;
}

export function fieldManagerCauses(manager: string): StatusCause[] {
  if (manager === "") return [];
  const causes: StatusCause[] = [];
  if (bytesOf(manager) > limitBytes) {
    causes.push({ reason: "FieldValueTooLong", message: `Too long: may not be more than ${limitBytes} bytes`, field: "fieldManager" });
  }
  let at = 0;
  for (const character of manager) {
    if (unprintable.test(character)) causes.push(unprintableCause(manager, character, at));
    at += bytesOf(character);
  }
  return causes;
}

function unprintableCause(manager: string, character: string, at: number): StatusCause {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const message = `Invalid value: ${JSON.stringify(manager)}: invalid character U+${code} (at position ${at})`;
  return { reason: "FieldValueInvalid", message, field: "fieldManager" };
}

const encoder = new TextEncoder();
const bytesOf = (text: string): number => encoder.encode(text).length;
