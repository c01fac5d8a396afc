import { describe, expect, it } from "vitest";
import { jsonPatch } from "./json-patch.ts";

const document = { a: { b: 1 }, list: ["x", "y"], "s/l~t": true };

describe("a JSON patch", () => {
  const rows: [sentence: string, patch: unknown, result: unknown][] = [
    ["adds a field", [{ op: "add", path: "/a/c", value: 2 }], { ...document, a: { b: 1, c: 2 } }],
    ["adds to the end of a list", [{ op: "add", path: "/list/-", value: "z" }], { ...document, list: ["x", "y", "z"] }],
    ["inserts into a list", [{ op: "add", path: "/list/1", value: "z" }], { ...document, list: ["x", "z", "y"] }],
    ["removes a field", [{ op: "remove", path: "/a/b" }], { ...document, a: {} }],
    ["removes from a list", [{ op: "remove", path: "/list/0" }], { ...document, list: ["y"] }],
    ["replaces a field", [{ op: "replace", path: "/a/b", value: [1] }], { ...document, a: { b: [1] } }],
    ["moves a field", [{ op: "move", from: "/a/b", path: "/b" }], { ...document, a: {}, b: 1 }],
    ["copies a field", [{ op: "copy", from: "/a", path: "/b" }], { ...document, b: { b: 1 } }],
    ["unescapes slashes and tildes", [{ op: "replace", path: "/s~1l~0t", value: 0 }], { ...document, "s/l~t": 0 }],
    ["goes on after a test that holds", [{ op: "test", path: "/a", value: { b: 1 } }], document],
    ["takes an absent field for null in a test", [{ op: "test", path: "/zzz", value: null }], document],
  ];
  it.each(rows)("%s", (_, patch, value) => {
    expect(jsonPatch(document, patch)).toEqual({ ok: true, value });
  });
});

/** Each copies the whole of what is there into it. */
const doubling = Array.from({ length: 22 }, (_, at) => ({ op: "copy", from: "/a", path: `/a/${at}` }));

describe("a JSON patch that does not apply", () => {
  const rows: [sentence: string, patch: unknown, code: number, message: string][] = [
    ["fails when a test fails", [{ op: "test", path: "/a/b", value: 2 }], 422, "testing path /a/b failed"],
    ["fails when what it removes is missing", [{ op: "remove", path: "/zzz" }], 422, "missing path"],
    ["fails when what it replaces is missing", [{ op: "replace", path: "/zzz", value: 1 }], 422, "missing path"],
    ["fails when copies of copies grow without end", doubling, 422, "Unable to complete the copy, the accumulated size increase of copy is"],
    ["fails when the parent is missing", [{ op: "add", path: "/zzz/a", value: 1 }], 422, "missing path"],
    ["fails beyond the end of a list", [{ op: "add", path: "/list/3", value: 1 }], 422, "invalid index"],
    ["fails when it moves a value into itself", [{ op: "move", from: "/a", path: "/a/b/c" }], 422, "into itself"],
    ["fails when nothing is left", [{ op: "remove", path: "" }], 422, "not an object"],
    ["is malformed when it is no list", {}, 400, "must be an array"],
    ["is malformed with an unknown operation", [{ op: "upsert", path: "/a" }], 400, "not an operation"],
    ["is malformed with a path that is no pointer", [{ op: "remove", path: "a" }], 400, "not an operation"],
    ["is too large with more than 10000 operations", Array(10_001).fill({ op: "test", path: "", value: document }), 413, "10000"],
  ];
  it.each(rows)("%s", (_, patch, code, message) => {
    expect(jsonPatch(document, patch)).toMatchObject({ ok: false, code, message: expect.stringContaining(message) as string });
  });
});

it("never changes its input and pollutes no prototype", () => {
  const before = structuredClone(document);
  const patched = jsonPatch(document, [{ op: "add", path: "/__proto__", value: { polluted: true } }, { op: "add", path: "/a/z", value: 1 }]);
  expect(document).toEqual(before);
  expect(patched.ok).toBe(true);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
