/**
 * Kubernetes quantities (`500m`, `1.5Gi`, `1e3`), exact: a value is an integer number of nano-units.
 * Grammar and canonical form: k8s.io/apimachinery/pkg/api/resource. Used by worker and agent.
 */

/** 10⁻⁹ of the unit; quantities finer than that are rounded up, as in Kubernetes. */
type Nano = bigint;
type Format = "BinarySI" | "DecimalSI" | "DecimalExponent";

export interface Quantity {
  nano: Nano;
  format: Format;
}

const nanoPerUnit = 1_000_000_000n;
const decimalExponents: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryExponents: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)?|[eE]([+-]?\d{1,3}))$/;

/** What kube-apiserver says of anything else. */
export const quantityError =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Undefined: not a quantity. Numbers are accepted as JSON writes them. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const match = pattern.exec(String(text));
  if (match === null) return undefined;
  const [, sign, digits = "", suffix = "", exponent] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const mantissa = BigInt(`${whole}${fraction}` || "0");
  const scaled = scale(mantissa, fraction.length, suffix, exponent);
  return { nano: sign === "-" ? -scaled : scaled, format: formatOf(suffix, exponent) };
}

function scale(mantissa: bigint, fractionDigits: number, suffix: string, exponent: string | undefined): Nano {
  const binary = binaryExponents[suffix];
  const tens = 9 - fractionDigits + (exponent === undefined ? (decimalExponents[suffix] ?? 0) : Number(exponent));
  const shifted = binary === undefined ? mantissa : mantissa << BigInt(binary);
  return tens >= 0 ? shifted * 10n ** BigInt(tens) : ceilDivide(shifted, 10n ** BigInt(-tens));
}

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

function formatOf(suffix: string, exponent: string | undefined): Format {
  if (exponent !== undefined) return "DecimalExponent";
  return suffix.endsWith("i") ? "BinarySI" : "DecimalSI";
}

export function isQuantity(text: string | number): boolean {
  return parseQuantity(text) !== undefined;
}

/** Throws on what is no quantity: for values that were validated before. */
export function quantity(text: string | number): Quantity {
  const parsed = parseQuantity(text);
  if (parsed === undefined) throw new TypeError(quantityError);
  return parsed;
}

export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  if (a.nano === b.nano) return 0;
  return a.nano < b.nano ? -1 : 1;
}

/** The sum keeps the first one's format, unless that is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format };
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano - b.nano, format: a.nano === 0n ? b.format : a.format };
}

/** Whole units (bytes, pods), rounded up. */
export function unitsOf(text: string | number): number {
  return Number(roundUp(quantity(text).nano, nanoPerUnit));
}

/** Thousandths of a unit (CPU), rounded up. */
export function milliOf(text: string | number): number {
  return Number(roundUp(quantity(text).nano, 1_000_000n));
}

const roundUp = (nano: Nano, unit: bigint): bigint => (nano > 0n ? ceilDivide(nano, unit) : nano / unit);

/** The canonical text: no fraction, the largest suffix that allows it. `1500m`, `1536Mi`, `1k`. */
export function formatQuantity(value: Quantity): string {
  if (value.nano === 0n) return "0";
  const sign = value.nano < 0n ? "-" : "";
  const nano = value.nano < 0n ? -value.nano : value.nano;
  // Below one Ki, or with a fraction, Kubernetes writes binary quantities in decimal.
  if (value.format === "BinarySI" && nano >= 1024n * nanoPerUnit && nano % nanoPerUnit === 0n) {
    return sign + formatBinary(nano / nanoPerUnit);
  }
  return sign + formatDecimal(nano, value.format === "DecimalExponent");
}

function formatBinary(units: bigint): string {
  let suffix = "";
  let rest = units;
  for (const [name, bits] of Object.entries(binaryExponents)) {
    if (units & ((1n << BigInt(bits)) - 1n)) break;
    suffix = name;
    rest = units >> BigInt(bits);
  }
  return `${rest}${suffix}`;
}

function formatDecimal(nano: Nano, isExponent: boolean): string {
  let suffix = "n";
  let rest = nano;
  for (const [name, exponent] of Object.entries(decimalExponents)) {
    const divisor = 10n ** BigInt(exponent + 9);
    if (nano % divisor !== 0n) break;
    suffix = name;
    rest = nano / divisor;
  }
  const exponent = decimalExponents[suffix] ?? 0;
  if (isExponent) return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
  return `${rest}${suffix}`;
}

/** The canonical text of a quantity's text; anything else stays as it is. */
export function canonicalQuantity(text: string | number): string {
  const parsed = parseQuantity(text);
  return parsed === undefined ? String(text) : formatQuantity(parsed);
}
