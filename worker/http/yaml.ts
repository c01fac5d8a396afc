/**
 * YAML as it comes in bodies. The parser keeps some hundred bytes for each token, compares each key of a map with all
 * others and repeats what aliases stand for: some hundred kilobytes of the wrong kind would take an isolate's memory, or
 * its CPU for seconds. Hence tokens are counted first, keys are compared here, and what comes out is measured.
 */
import { isScalar, Lexer, LineCounter, parseDocument, visit, type Document } from "yaml";

/** Of some 20,000 lines. */
const mostTokens = 150_000;
/** As much as a body may have, for what aliases make of it. */
const longestValue = 3 * 1024 * 1024;
const mostAliases = 100;

export interface ParsedYaml {
  value: unknown;
  /** Keys that stand in their map already; the last one counts. */
  duplicates: { key: string; line: number }[];
}

/** Throws what is wrong with the text. */
export function parseYaml(text: string): ParsedYaml {
  countTokens(text);
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: false, lineCounter: lines });
  const [fatal] = document.errors;
  if (fatal !== undefined) throw fatal;
  const value: unknown = document.toJS({ maxAliasCount: mostAliases });
  if (lengthOf(value, longestValue) > longestValue) throw new Error("document contains excessive aliasing");
  return { value, duplicates: duplicatesIn(document, lines) };
}

function countTokens(text: string): void {
  const tokens = new Lexer().lex(text);
  for (let count = 1; tokens.next().done !== true; count += 1) {
    if (count > mostTokens) throw new Error(`document has more than ${mostTokens} tokens`);
  }
}

/** About as long as its JSON; beyond `enough` nobody counts on. */
function lengthOf(value: unknown, enough: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 4;
  let length = 2;
  for (const [key, item] of Object.entries(value)) {
    if (length > enough) break;
    length += key.length + 1 + lengthOf(item, enough - length);
  }
  return length;
}

function duplicatesIn(document: Document, lines: LineCounter): ParsedYaml["duplicates"] {
  const found: ParsedYaml["duplicates"] = [];
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) continue;
        if (seen.has(name)) found.push({ key: name, line: lines.linePos((isScalar(key) && key.range?.[0]) || 0).line });
        seen.add(name);
      }
    },
  });
  return found;
}
