/** What pods ask for and nodes have, as plain numbers: cpu in thousandths, everything else in its own unit. */
import type { Container, Pod, PodSpec, ResourceRequirements } from "../../protocol/kubernetes/generated/types.ts";
import { milliOf, unitsOf } from "../../protocol/quantity.ts";

export type Amounts = ReadonlyMap<string, number>;

/** What scoring assumes of a container that asks for nothing, so that such pods spread too. */
const assumedMilliCpu = 100;
const assumedMemoryBytes = 200 * 1024 * 1024;

/** A cluster's objects repeat a few quantities over and over. */
const parsed = new Map<string, number>();

export function amountsOf(quantities: Record<string, string | number> | undefined): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const [name, text] of Object.entries(quantities ?? {})) amounts.set(name, amountOf(name, String(text)));
  return amounts;
}

function amountOf(name: string, text: string): number {
  const id = name === "cpu" ? `cpu ${text}` : text;
  const known = parsed.get(id);
  if (known !== undefined) return known;
  const amount = name === "cpu" ? milliOf(text) : unitsOf(text);
  if (parsed.size > 10_000) parsed.clear();
  parsed.set(id, amount);
  return amount;
}

/** What the scheduler sets aside for a pod: upstream's `PodRequests`, sidecars and overhead included. */
export function requestsOf(pod: Pod): Map<string, number> {
  return sum(pod.spec, (container) => amountsOf(effective(container.resources)));
}

/** The same for scoring, where nothing asked for counts as a little. */
export function assumedRequestsOf(pod: Pod): { milliCpu: number; memoryBytes: number } {
  const total = sum(pod.spec, (container) => {
    const amounts = amountsOf(effective(container.resources));
    if (!amounts.has("cpu")) amounts.set("cpu", assumedMilliCpu);
    if (!amounts.has("memory")) amounts.set("memory", assumedMemoryBytes);
    return amounts;
  });
  return { milliCpu: total.get("cpu") ?? 0, memoryBytes: total.get("memory") ?? 0 };
}

/** Limits stand in for requests that are not given; the API defaults them too. */
function effective(resources: ResourceRequirements | undefined): Record<string, string | number> {
  return { ...resources?.limits, ...resources?.requests };
}

function sum(spec: PodSpec | undefined, requests: (container: Container) => Map<string, number>): Map<string, number> {
  const total = new Map<string, number>();
  for (const container of spec?.containers ?? []) add(total, requests(container));
  // Sidecars stay: each ordinary init container runs beside those that started before it.
  const sidecars = new Map<string, number>();
  const peak = new Map<string, number>();
  for (const container of spec?.initContainers ?? []) {
    const own = requests(container);
    if (container.restartPolicy === "Always") {
      add(sidecars, own);
      raise(peak, sidecars);
    } else {
      raise(peak, added(sidecars, own));
    }
  }
  add(total, sidecars);
  raise(total, peak);
  if (spec?.resources) for (const [name, amount] of amountsOf(effective(spec.resources))) total.set(name, amount);
  add(total, amountsOf(spec?.overhead));
  return total;
}

export function add(total: Map<string, number>, more: Amounts, sign: 1 | -1 = 1): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + sign * amount);
}

function added(left: Amounts, right: Amounts): Map<string, number> {
  const total = new Map(left);
  add(total, right);
  return total;
}

function raise(total: Map<string, number>, least: Amounts): void {
  for (const [name, amount] of least) if ((total.get(name) ?? 0) < amount) total.set(name, amount);
}
