/** What ResourceQuotas count in: whole numbers, thousandths for cpu, so that the store's sums are exact. */
import { formatQuantity, milliOf, unitsOf } from "../../../protocol/quantity.ts";

const nanoPerMilli = 1_000_000n;
const nanoPerUnit = 1_000_000_000n;

const isCpu = (measure: string): boolean => /^(requests\.|limits\.)?cpu$/.test(measure);
const isBytes = (measure: string): boolean => /(^|[./])(memory|storage|ephemeral-storage)$|(^|\.)hugepages-/.test(measure);

export function amountOf(measure: string, quantity: string | number): number {
  return isCpu(measure) ? milliOf(quantity) : unitsOf(quantity);
}

/** As Kubernetes writes it: `500m`, `1Gi`, `3`. */
export function amountText(measure: string, amount: number): string {
  const nano = BigInt(amount) * (isCpu(measure) ? nanoPerMilli : nanoPerUnit);
  return formatQuantity({ nano, format: isBytes(measure) ? "BinarySI" : "DecimalSI" });
}

export function amountsOf(quantities: Record<string, string | number>): Record<string, number> {
  return Object.fromEntries(Object.entries(quantities).map(([measure, quantity]) => [measure, amountOf(measure, quantity)]));
}
