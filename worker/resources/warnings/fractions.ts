/** A thousandth of a byte is easily written (`100m`) and never meant. */
import { quantity } from "../../../protocol/quantity.ts";

const nanoPerUnit = 1_000_000_000n;
const measuredInBytes = ["memory", "ephemeral-storage"];

type Amounts = Record<string, string | number> | undefined;

export function fractionWarnings(path: string, amounts: Amounts, names: string[] = measuredInBytes): string[] {
  return names.flatMap((name) => {
    const value = amounts?.[name];
    if (value === undefined || quantity(value).nano % nanoPerUnit === 0n) return [];
    return [`${path}[${name}]: fractional byte value ${JSON.stringify(String(value))} is invalid, must be an integer`];
  });
}
