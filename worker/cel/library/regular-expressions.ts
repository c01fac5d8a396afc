/** `find`, `findAll`, and `matches` on the engine of ../regular-expressions.ts. */
import type { ASTNode, Environment } from "@marcbachmann/cel-js";
import { nodesOf } from "../nodes.ts";
import { patternOf } from "../regular-expressions.ts";

/** The library's own `matches` backtracks and cannot be replaced, so calls of it are pointed at this one. */
const ownMatches = "matchesRe2";

export function registerRegularExpressions(environment: Environment): void {
  environment
    .registerFunction(`string.${ownMatches}(string): bool`, (text: string, pattern: string) => patternOf(pattern).matches(text))
    .registerFunction(`${ownMatches}(string, string): bool`, (text: string, pattern: string) => patternOf(pattern).matches(text))
    .registerFunction("string.find(string): string", (text: string, pattern: string) => patternOf(pattern).findAll(text, 1)[0] ?? "")
    .registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) => patternOf(pattern).findAll(text, Infinity))
    .registerFunction("string.findAll(string, int): list<string>", (text: string, pattern: string, limit: bigint) =>
      patternOf(pattern).findAll(text, limit < 0n ? Infinity : Number(limit)));
}

export function withOwnMatches(root: ASTNode): void {
  for (const node of nodesOf(root)) if ((node.op === "call" || node.op === "rcall") && node.args[0] === "matches") node.args[0] = ownMatches;
}
