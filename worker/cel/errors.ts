/** The library's errors in the words of cel-go, which kube-apiserver's users know. */
import type { EvaluationError, ParseError, TypeError } from "@marcbachmann/cel-js";

type CelError = ParseError | EvaluationError | TypeError;

const rewrites: Record<string, [RegExp, string]> = {
  unknown_variable: [/^Unknown variable: (.*)$/s, "undeclared reference to '$1' (in container '')"],
  no_such_key: [/^No such key: (.*)$/s, "undefined field '$1'"],
  no_such_overload: [/^no such overload: (\S+) (\S+) (.*)$/s, "found no matching overload for '_$2_' applied to '($1, $3)'"],
  no_matching_overload: [/^found no matching overload for '(?:(.*?)\.)?([^.]*?)\((.*)\)'$/s, "found no matching overload for '$2' applied to '$1.($3)'"],
  unexpected_token: [/^Unexpected token: (.*)$/s, "Syntax error: mismatched input '$1'"],
};

/** With the line of the expression and a pointer to the place; `originOf`: where that was before it was rewritten. */
export function compileErrorText(error: unknown, expression: string, originOf: (at: number) => number = (at) => at): string {
  if (!isCelError(error)) return `compilation failed: ${error instanceof Error ? error.message : String(error)}`;
  const [pattern, replacement] = rewrites[error.code] ?? [/$^/, ""];
  const message = error.summary.replace(pattern, replacement);
  // A missing field is reported at its dot.
  const at = originOf(error.range?.start ?? 0) - (error.code === "no_such_key" ? 1 : 0);
  const start = Math.max(0, Math.min(at, expression.length));
  const before = expression.slice(0, start).split("\n");
  const column = (before.at(-1) ?? "").length;
  const line = expression.split("\n")[before.length - 1] ?? "";
  return `compilation failed: ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${".".repeat(column)}^`;
}

export function evaluationErrorText(error: unknown): string {
  if (!isCelError(error)) return error instanceof Error ? error.message : String(error);
  if (error.code === "no_such_overload" || error.code === "no_matching_overload") return "no such overload";
  return error.summary.replace(/^No such key: index out of bounds, index (-?\d+).*$/, "index out of bounds: $1").replace(/^No such key/, "no such key");
}

const isCelError = (error: unknown): error is CelError => error instanceof Error && "summary" in error && "code" in error;
