/** Lists as sets (cel-go's `ext.Sets`). */
import type { Environment } from "@marcbachmann/cel-js";
import { isSame } from "./lists.ts";

class Sets {}

export function registerSets(environment: Environment): void {
  const holds = (list: unknown[], item: unknown) => list.some((one) => isSame(one, item));
  const contains = (list: unknown[], items: unknown[]) => items.every((item) => holds(list, item));
  environment
    .registerType("kubernetes.Sets", Sets)
    .registerConstant("sets", "kubernetes.Sets", new Sets())
    .registerFunction("kubernetes.Sets.contains(list, list): bool", (_sets: Sets, list: unknown[], items: unknown[]) => contains(list, items))
    .registerFunction("kubernetes.Sets.equivalent(list, list): bool", (_sets: Sets, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a))
    .registerFunction("kubernetes.Sets.intersects(list, list): bool", (_sets: Sets, a: unknown[], b: unknown[]) => a.some((item) => holds(b, item)));
}
