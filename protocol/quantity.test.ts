import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addQuantities, canonicalQuantity, compareQuantities, formatQuantity, isQuantity, milliOf, quantity, unitsOf } from "./quantity.ts";

describe("the canonical text of a quantity", () => {
  it.each([
    ["a thousandth becomes a unit when it can", "1000m", "1"],
    ["a fraction of a CPU is said in thousandths", "0.5", "500m"],
    ["a fraction of a gibibyte is said in mebibytes", "1.5Gi", "1536Mi"],
    ["a number of JSON is a quantity", 2, "2"],
    ["a thousand is one k", "1000", "1k"],
    ["bytes below one Ki keep no suffix", "100", "100"],
    ["1024 Mi are one Gi", "1024Mi", "1Gi"],
    ["a fraction of Ki is said in units", "0.5Ki", "512"],
    ["an exponent stays an exponent", "1e3", "1e3"],
    ["E without digits is exa, not an exponent", "2E", "2E"],
    ["zero is zero whatever its suffix", "0Mi", "0"],
    ["what is finer than a nano is rounded up", "0.0000000001", "1n"],
    ["a negative quantity keeps its sign", "-0.25", "-250m"],
  ])("%s", (_, text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });
});

describe("what is no quantity", () => {
  it.each(["", "m", "1mm", "1 Gi", "1.2.3", "abc", "1ki", "0x10", ".", "1e", "--1"])("%s is refused", (text) => {
    expect(isQuantity(text)).toBe(false);
  });
});

it("counts CPU in thousandths and memory in bytes, rounded up", () => {
  expect([milliOf("1.5"), milliOf("100u"), unitsOf("64Mi"), unitsOf("1500m")]).toEqual([1500, 1, 67108864, 2]);
});

it("compares across formats", () => {
  expect(compareQuantities(quantity("1Gi"), quantity("1G"))).toBe(1);
  expect(compareQuantities(quantity("1024Mi"), quantity("1Gi"))).toBe(0);
});

it("a sum's text parses back to the sum", () => {
  const texts = fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi", "e3")).map(([n, s]) => `${n}${s}`);
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      const sum = addQuantities(quantity(a), quantity(b));
      expect(quantity(formatQuantity(sum)).nano).toBe(sum.nano);
    }),
  );
});
