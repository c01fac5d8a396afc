import { describe, expect, it } from "vitest";
import { mergePatch } from "./merge-patch.ts";

describe("a merge patch", () => {
  it.each([
    ["replaces a scalar", { a: 1 }, { a: 2 }, { a: 2 }],
    ["adds a field", { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ["deletes with a null", { a: 1, b: 2 }, { a: null }, { b: 2 }],
    ["merges objects at depth", { a: { b: 1, c: 2 } }, { a: { b: 3 } }, { a: { b: 3, c: 2 } }],
    ["replaces lists whole", { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ["drops nulls of a new object", {}, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    ["replaces a scalar by an object", { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
  ])("%s", (_, document, patch, value) => {
    expect(mergePatch(document, patch)).toEqual({ ok: true, value });
  });

  it("is malformed when it is no object", () => {
    expect(mergePatch({}, [])).toMatchObject({ ok: false, code: 400 });
  });
});
