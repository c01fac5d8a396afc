/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library */
import type { Environment } from "@marcbachmann/cel-js";
import { addQuantities, compareQuantities, isQuantity, parseQuantity, quantityError, subtractQuantities, type Quantity } from "../../../protocol/quantity.ts";

const type = "kubernetes.Quantity";
const unit = 1_000_000_000n;

class CelQuantity {
  readonly value: Quantity;

  constructor(value: Quantity) {
    this.value = value;
  }
}

const of = (units: bigint): CelQuantity => new CelQuantity({ nano: units * unit, format: "DecimalSI" });
const compare = (a: CelQuantity, b: CelQuantity) => compareQuantities(a.value, b.value);
const add = (a: CelQuantity, b: CelQuantity) => new CelQuantity(addQuantities(a.value, b.value));
const subtract = (a: CelQuantity, b: CelQuantity) => new CelQuantity(subtractQuantities(a.value, b.value));
const isWhole = ({ value }: CelQuantity): boolean => value.nano % unit === 0n && BigInt.asIntN(64, value.nano / unit) === value.nano / unit;

export function registerQuantities(environment: Environment): void {
  environment
    .registerType(type, CelQuantity)
    .registerFunction(`quantity(string): ${type}`, parse)
    .registerFunction("isQuantity(string): bool", (text: string) => isQuantity(text))
    .registerOperator(`${type} == ${type}`, (a: CelQuantity, b: CelQuantity) => compare(a, b) === 0)
    .registerFunction(`${type}.isGreaterThan(${type}): bool`, (a: CelQuantity, b: CelQuantity) => compare(a, b) > 0)
    .registerFunction(`${type}.isLessThan(${type}): bool`, (a: CelQuantity, b: CelQuantity) => compare(a, b) < 0)
    .registerFunction(`${type}.compareTo(${type}): int`, (a: CelQuantity, b: CelQuantity) => BigInt(compare(a, b)))
    .registerFunction(`${type}.add(${type}): ${type}`, add)
    .registerFunction(`${type}.add(int): ${type}`, (a: CelQuantity, b: bigint) => add(a, of(b)))
    .registerFunction(`${type}.sub(${type}): ${type}`, subtract)
    .registerFunction(`${type}.sub(int): ${type}`, (a: CelQuantity, b: bigint) => subtract(a, of(b)))
    .registerFunction(`${type}.sign(): int`, ({ value }: CelQuantity) => (value.nano === 0n ? 0n : value.nano < 0n ? -1n : 1n))
    .registerFunction(`${type}.isInteger(): bool`, isWhole)
    .registerFunction(`${type}.asInteger(): int`, asInteger)
    .registerFunction(`${type}.asApproximateFloat(): double`, ({ value }: CelQuantity) => Number(value.nano) / Number(unit));
}

function parse(text: string): CelQuantity {
  const value = parseQuantity(text);
  if (value === undefined) throw new Error(quantityError);
  return new CelQuantity(value);
}

function asInteger(quantity: CelQuantity): bigint {
  if (!isWhole(quantity)) throw new Error("cannot convert value to integer");
  return quantity.value.nano / unit;
}
