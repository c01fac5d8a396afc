/** What a configuration says of values that are owned whole: who states a part of one would take the rest of it away. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { isItems } from "./paths.ts";
import { childShape, type Shape } from "./shape.ts";

/** `.spec.selector`, `.spec.containers[0].command`: lists, maps and objects, not what is inside them. */
export function atomicPaths(shape: Shape, config: unknown, path: string = ""): string[] {
  if (isRecord(config)) {
    if (shape.kind === "leaf") return [path];
    // The entries of a map are owned one by one, whatever they are.
    if (shape.kind !== "struct") return [];
    return Object.entries(config).flatMap(([name, value]) => {
      const child = childShape(shape, name);
      return child === undefined ? [] : atomicPaths(child, value, `${path}.${name}`);
    });
  }
  if (!Array.isArray(config)) return [];
  if (!isItems(shape)) return [path];
  return shape.kind === "set" ? [] : config.flatMap((item, at) => atomicPaths(shape.item(), item, `${path}[${at}]`));
}
