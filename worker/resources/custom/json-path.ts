/**
 * The JSONPath of printer columns and scales: `.spec.replicas`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";

type Step =
  | { kind: "field"; name: string }
  | { kind: "item"; at: number }
  | { kind: "slice"; from: number | undefined; to: number | undefined }
  | { kind: "all" }
  | { kind: "anywhere" }
  | { kind: "filter"; path: Step[]; operator: string; value: unknown };

export type JsonPath = readonly Step[];

export type ParsedPath = { steps: JsonPath } | { error: string };

const tokens = /\.(?=\.[^.[\]])|\.\.|\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(-?\d+)\]|\[(-?\d*):(-?\d*)\]|\[\*\]|\[\?\(((?:[^()"']|"[^"]*"|'[^']*')*)\)\]/y;

/** A backslash in a name quotes a dot (`.metadata.annotations.example\.com/x`). */
export function parseJsonPath(text: string): ParsedPath {
  const steps: Step[] = [];
  const source = text.replaceAll("\\.", "\u0000");
  for (let at = 0; at < source.length;) {
    tokens.lastIndex = at;
    const match = tokens.exec(source);
    if (match === null) return { error: source === "." ? "" : `unrecognized character in action: ${JSON.stringify(source.slice(at))}` };
    // Now: a filter's own path is found with the same expression.
    at += match[0].length;
    const step = stepOf(match);
    if (step === undefined) return { error: `unterminated filter: ${match[0]}` };
    steps.push(step);
  }
  return { steps };
}

function stepOf(match: RegExpExecArray): Step | undefined {
  const [all, name, single, double, item, from, to, filter] = match;
  // Before a name, whose own dot is left to it, or before brackets.
  if (all === "." || all === "..") return { kind: "anywhere" };
  if (name === "*" || all === "[*]") return { kind: "all" };
  if (name !== undefined) return { kind: "field", name: name.replaceAll("\u0000", ".") };
  const quoted = single ?? double;
  if (quoted !== undefined) return { kind: "field", name: quoted.replaceAll("\u0000", ".").replaceAll(/\\(.)/g, "$1") };
  if (item !== undefined) return { kind: "item", at: Number(item) };
  if (from !== undefined || to !== undefined) return { kind: "slice", from: numberOf(from), to: numberOf(to) };
  return filterOf((filter ?? "").replaceAll("\u0000", "\\."));
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined || text === "" ? undefined : Number(text));

function filterOf(text: string): Step | undefined {
  const [, path = "", operator = "", literal = ""] = /^\s*@([^\s=!<>]*)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*$/.exec(text) ?? [];
  const parsed = parseJsonPath(path);
  if ("error" in parsed || !text.includes("@")) return undefined;
  return { kind: "filter", path: [...parsed.steps], operator, value: literalOf(literal) };
}

function literalOf(text: string): unknown {
  if (/^(['"]).*\1$/s.test(text)) return text.slice(1, -1);
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}

/** Everything that the path leads to, in order. */
export function find(value: unknown, path: JsonPath): unknown[] {
  let found: unknown[] = [value];
  for (const step of path) found = found.flatMap((one) => take(one, step));
  return found;
}

function take(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case "field":
      return isRecord(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case "item":
      return Array.isArray(value) && value.at(step.at) !== undefined ? [value.at(step.at)] : [];
    case "slice":
      return Array.isArray(value) ? value.slice(step.from, step.to) : [];
    case "all":
      return Array.isArray(value) ? (value as unknown[]) : isRecord(value) ? Object.values(value) : [];
    case "anywhere":
      return [value, ...take(value, { kind: "all" }).flatMap((one) => take(one, step))];
    case "filter":
      return take(value, { kind: "all" }).filter((one) => isKept(one, step));
  }
}

function isKept(item: unknown, { path, operator, value }: Extract<Step, { kind: "filter" }>): boolean {
  const [found] = find(item, path);
  switch (operator) {
    case "":
      return found !== undefined;
    case "==":
      return found === value;
    case "!=":
      return found !== undefined && found !== value;
  }
  // An order is one of numbers or one of strings.
  if (typeof found !== typeof value || (typeof found !== "number" && typeof found !== "string")) return false;
  const [left, right] = [found, value as typeof found];
  return operator === "<" ? left < right : operator === "<=" ? left <= right : operator === ">" ? left > right : left >= right;
}
