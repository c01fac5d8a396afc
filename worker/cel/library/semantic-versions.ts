/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-semver-library */
import type { Environment } from "@marcbachmann/cel-js";

const type = "kubernetes.Semver";
const strict = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

class Semver {
  readonly numbers: bigint[];
  readonly prerelease: string[];

  constructor(numbers: bigint[], prerelease: string[]) {
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
}

export function registerSemanticVersions(environment: Environment): void {
  environment
    .registerType(type, Semver)
    .registerFunction(`semver(string): ${type}`, (text: string) => required(text))
    .registerFunction(`semver(string, bool): ${type}`, (text: string, isLoose: boolean) => required(isLoose ? normalized(text) : text))
    .registerFunction("isSemver(string): bool", (text: string) => parse(text) !== undefined)
    .registerFunction("isSemver(string, bool): bool", (text: string, isLoose: boolean) => parse(isLoose ? normalized(text) : text) !== undefined)
    .registerOperator(`${type} == ${type}`, (a: Semver, b: Semver) => compare(a, b) === 0)
    .registerFunction(`${type}.major(): int`, ({ numbers }: Semver) => numbers[0])
    .registerFunction(`${type}.minor(): int`, ({ numbers }: Semver) => numbers[1])
    .registerFunction(`${type}.patch(): int`, ({ numbers }: Semver) => numbers[2])
    .registerFunction(`${type}.isLessThan(${type}): bool`, (a: Semver, b: Semver) => compare(a, b) < 0)
    .registerFunction(`${type}.isGreaterThan(${type}): bool`, (a: Semver, b: Semver) => compare(a, b) > 0)
    .registerFunction(`${type}.compareTo(${type}): int`, (a: Semver, b: Semver) => BigInt(compare(a, b)));
}

function parse(text: string): Semver | undefined {
  const match = strict.exec(text);
  if (match === null) return undefined;
  return new Semver(match.slice(1, 4).map(BigInt), match[4] === undefined ? [] : match[4].split("."));
}

function required(text: string): Semver {
  const found = parse(text);
  if (found === undefined) throw new Error("No Major.Minor.Patch elements found");
  return found;
}

/** `v1.02` → `1.2.0` */
function normalized(text: string): string {
  const [, core = "", rest = ""] = /^([^-+]*)(.*)$/s.exec(text.trim().replace(/^v/, "")) ?? [];
  const numbers = core.split(".").map((number) => number.replace(/^0+(?=\d)/, ""));
  while (numbers.length < 3) numbers.push("0");
  return numbers.join(".") + rest;
}

function compare(a: Semver, b: Semver): number {
  for (let at = 0; at < 3; at++) {
    const [left, right] = [a.numbers[at] ?? 0n, b.numbers[at] ?? 0n];
    if (left !== right) return left < right ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return Math.sign(b.prerelease.length - a.prerelease.length);
  return comparePrerelease(a.prerelease, b.prerelease);
}

function comparePrerelease(a: string[], b: string[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [left, right] = [a[at]!, b[at]!]; // at < both lengths
    if (left === right) continue;
    const [isLeftNumber, isRightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (isLeftNumber && isRightNumber) return BigInt(left) < BigInt(right) ? -1 : 1;
    if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}
