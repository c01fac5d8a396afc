/**
 * `has(self.x)` of a field that the type does not have is a mistake, as in cel-go; the library lets it pass and finds
 * nothing.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { nodesOf } from "./nodes.ts";

/** The part of the library's inside that knows what `has` is: it is expanded while the expression is parsed. */
interface Expanded {
  meta?: { macro?: { typeCheck(checker: { check(node: ASTNode, context: unknown): unknown }, macro: unknown, context: unknown): unknown } };
}

/** For the check alone. */
export function withCheckedHas(root: ASTNode): void {
  for (const node of nodesOf(root)) {
    const field = node.op === "call" && node.args[0] === "has" ? node.args[1][0] : undefined;
    const { macro } = (node as Expanded).meta ?? {};
    if (field === undefined || macro === undefined) continue;
    const typeCheck = macro.typeCheck.bind(macro);
    macro.typeCheck = (checker, self, context) => {
      const type = typeCheck(checker, self, context);
      checker.check(field, context);
      return type;
    };
  }
}
