import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonChunks, utf8Bytes } from "./json-chunks.ts";

describe("chunks of rows", () => {
  it("hold every row once, in order, and none is longer than allowed unless one row is", () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: "binary", maxLength: 40 })), fc.integer({ min: 10, max: 200 }), (rows, limit) => {
      const chunks = jsonChunks(rows, limit).map((chunk) => ({ bytes: new TextEncoder().encode(chunk).length, rows: JSON.parse(chunk) as string[] }));
      expect(chunks.flatMap((chunk) => chunk.rows)).toEqual(rows.map((row) => JSON.parse(JSON.stringify(row))));
      for (const chunk of chunks) expect(chunk.bytes <= limit + 1 || chunk.rows.length === 1).toBe(true);
    }));
  });

  it("of nothing are none", () => {
    expect(jsonChunks([])).toEqual([]);
  });
});

describe("bytes in UTF-8", () => {
  it("are counted as an encoder does", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
    }));
  });
});
