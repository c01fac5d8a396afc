/** What the library lacks of cel-go's `ext.Strings`. */
import type { Environment } from "@marcbachmann/cel-js";

class Strings {}

export function registerStrings(environment: Environment): void {
  environment
    .registerFunction("string.charAt(int): string", charAt)
    .registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) => text.replaceAll(from, () => to))
    .registerFunction("string.replace(string, string, int): string", replaceSome)
    .registerFunction("string.reverse(): string", (text: string) => [...text].toReversed().join(""))
    .registerFunction("string.format(list): string", format)
    .registerType("kubernetes.Strings", Strings)
    .registerConstant("strings", "kubernetes.Strings", new Strings())
    .registerFunction("kubernetes.Strings.quote(string): string", (_strings: Strings, text: string) => JSON.stringify(text));
}

function charAt(text: string, at: bigint): string {
  const characters = [...text];
  if (at < 0n || at > BigInt(characters.length)) throw new Error(`index out of range: ${at}`);
  return characters[Number(at)] ?? "";
}

function replaceSome(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, () => to);
  let left = limit;
  return text.replaceAll(from, (found) => (left-- > 0n ? to : found));
}

function format(text: string, values: unknown[]): string {
  let next = 0;
  return text.replaceAll(/%(?:\.(\d+))?([sdfexXob%])/g, (_all, precision: string | undefined, verb: string) => {
    if (verb === "%") return "%";
    if (next >= values.length) throw new Error(`index ${next} out of range`);
    return formatOne(verb, values[next++], precision === undefined ? 6 : Number(precision));
  });
}

function formatOne(verb: string, value: unknown, precision: number): string {
  switch (verb) {
    case "d":
      return textOf(value);
    case "f":
      return Number(value).toFixed(Math.min(precision, 100));
    case "e":
      return Number(value).toExponential(Math.min(precision, 100)).replace(/e([+-])(\d)$/, "e$10$2");
    case "x":
      return inBase(value, 16);
    case "X":
      return inBase(value, 16).toUpperCase();
    case "o":
      return inBase(value, 8);
    case "b":
      return inBase(value, 2);
    default:
      return textOf(value);
  }
}

function inBase(value: unknown, base: number): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "bigint") return value.toString(base);
  return Array.from(new TextEncoder().encode(String(value)), (byte) => byte.toString(base).padStart(2, "0")).join("");
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  if (value instanceof Date) return value.toISOString().replace(/\.000Z$/, "Z");
  if (typeof value === "object" && value !== null && (value.constructor === Object)) {
    return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => `${key}: ${textOf(one)}`).join(", ")}}`;
  }
  return String(value);
}
