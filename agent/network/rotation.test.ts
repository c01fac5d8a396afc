import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rotationOf } from "./rotation.ts";

const countOf = (rotation: number[], index: number): number => rotation.filter((one) => one === index).length;

describe("rotationOf", () => {
  it.each([
    ["equal weights go round", [1, 1, 1], [0, 1, 2]],
    ["equal weights above one are the same", [7, 7], [0, 1]],
    ["a heavy backend is spread over the turn, not used in one burst", [3, 1], [0, 0, 1, 0]],
    ["5:1:1 as in nginx's smooth round-robin", [5, 1, 1], [0, 0, 1, 0, 2, 0, 0]],
    ["one backend is always the same", [4], [0]],
    ["no backend is no turn", [], []],
  ])("%s", (_, weights, expected) => expect(rotationOf(weights)).toEqual(expected));

  it("uses every backend exactly in proportion, whatever the weights", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 }), (weights) => {
        const rotation = rotationOf(weights);
        const sum = weights.reduce((a, b) => a + b, 0);
        weights.forEach((weight, index) => expect(countOf(rotation, index) * sum).toBe(weight * rotation.length));
      }),
      { numRuns: 50 },
    );
  });
});
