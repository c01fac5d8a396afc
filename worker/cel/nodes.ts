/** Every node of a syntax tree, the root first. */
import type { ASTNode } from "@marcbachmann/cel-js";

export function* nodesOf(root: ASTNode): Iterable<ASTNode> {
  const pending: unknown[] = [root];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (Array.isArray(next)) pending.push(...(next as unknown[]));
    else if (isNode(next)) {
      yield next;
      if (next.op !== "value" && next.op !== "id") pending.push(next.args);
    }
  }
}

const isNode = (value: unknown): value is ASTNode => typeof value === "object" && value !== null && "op" in value && "args" in value;
