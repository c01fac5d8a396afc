/** What containers and pods ask for, exactly: for limits on single containers and for sums. */
import type { Container, PodSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { addQuantities, compareQuantities, parseQuantity, type Quantity } from "../../../protocol/quantity.ts";

export type Amounts = Map<string, Quantity>;
export type Bound = "requests" | "limits";

export function amountsOf(list: Record<string, string | number> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).flatMap(([name, text]) => {
    const parsed = parseQuantity(text); // what is no quantity is refused by validation
    return parsed === undefined ? [] : [[name, parsed]];
  }));
}

/** Of a pod as a whole: its containers together, or its largest moment of starting; with its overhead. */
export function podAmounts(spec: PodSpec, bound: Bound): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers ?? []) add(total, own(container, bound));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const moment = new Map(sidecars);
    add(moment, own(container, bound));
    raise(peak, moment);
    // One that stays runs beside all that start after it.
    if (container.restartPolicy === "Always") add(sidecars, own(container, bound));
  }
  add(total, sidecars);
  raise(total, peak);
  for (const [name, amount] of amountsOf(spec.resources?.[bound])) total.set(name, amount);
  // Overhead limits nothing that is not limited.
  for (const [name, amount] of amountsOf(spec.overhead)) if (bound === "requests" || total.has(name)) add(total, new Map([[name, amount]]));
  return total;
}

const own = ({ resources }: Container, bound: Bound): Amounts => amountsOf(resources?.[bound]);

function add(total: Amounts, more: Amounts): void {
  for (const [name, amount] of more) {
    const before = total.get(name);
    total.set(name, before === undefined ? amount : addQuantities(before, amount));
  }
}

function raise(total: Amounts, least: Amounts): void {
  for (const [name, amount] of least) {
    const before = total.get(name);
    if (before === undefined || compareQuantities(before, amount) < 0) total.set(name, amount);
  }
}
