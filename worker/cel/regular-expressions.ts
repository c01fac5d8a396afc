/**
 * Go's regular expressions: RE2 syntax, and time linear in the text whatever the pattern. The engine's own expressions
 * backtrack, so that a careless pattern would let anybody stop an isolate; they serve only patterns without groups.
 */
import { RE2JS } from "re2js";

export interface Pattern {
  matches(text: string): boolean;
  /** All matches from the left that do not overlap, at most `limit` of them. */
  findAll(text: string, limit: number): string[];
}

const mostKept = 1_000;
const kept = new Map<string, Pattern>();

/** Throws what is wrong with it. */
export function patternOf(text: string): Pattern {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const made = compile(text);
  if (kept.size >= mostKept) kept.clear();
  kept.set(text, made);
  return made;
}

/** Characters and classes from the text's beginning, at most one of them not just once: the same in both, and no cause to backtrack. */
const plain = /^\^(?:(?:[\w\-/:@]|\\[./\-d]|\[[^\]\\[]+\])(?:[*+?]|\{\d+(?:,\d+)?\})?)*\$?$/;

function compile(text: string): Pattern {
  const expression = RE2JS.compile(text);
  const native = plain.test(text) && text.split(/[*+?]|,\d*\}/).length <= 2 ? new RegExp(text, "u") : undefined;
  return {
    matches: native === undefined ? (value) => expression.test(value) : (value) => native.test(value),
    findAll(value, limit) {
      const matcher = expression.matcher(value);
      const found: string[] = [];
      while (found.length < limit && matcher.find()) found.push(matcher.group() ?? "");
      return found;
    },
  };
}
