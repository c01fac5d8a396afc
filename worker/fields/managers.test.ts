import { describe, expect, it } from "vitest";
import { leaf } from "./field-set.ts";
import { capped, decodeEntries, isReset, isSameManager, losing, sorted, type ManagerEntry } from "./managers.ts";

const entry = (manager: string, more: Partial<ManagerEntry> = {}): ManagerEntry => ({
  manager,
  operation: "Update",
  apiVersion: "v1",
  time: "2020-01-01T00:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:a": leaf },
  ...more,
});

describe("two entries are the same manager's", () => {
  const rows: [sentence: string, left: Partial<ManagerEntry>, right: Partial<ManagerEntry>, isSame: boolean][] = [
    ["if all is the same but time and fields", { time: "x" }, { fieldsV1: {} }, true],
    ["unless one is an apply", { operation: "Apply" }, {}, false],
    ["unless one is of a subresource", { subresource: "status" }, {}, false],
    ["unless they are updates of two versions", { apiVersion: "v1" }, { apiVersion: "v2" }, false],
    ["if they are applies of two versions", { operation: "Apply", apiVersion: "v1" }, { operation: "Apply", apiVersion: "v2" }, true],
  ];
  it.each(rows)("%s", (_, left, right, isSame) => {
    expect(isSameManager(entry("m", left), entry("m", right))).toBe(isSame);
  });
});

describe("entries that a client sends", () => {
  it.each<[string, unknown]>([
    ["of another operation", [{ ...entry("m"), operation: "Create" }]],
    ["of no version", [{ ...entry("m"), apiVersion: "" }]],
    ["of another form", [{ ...entry("m"), fieldsType: "FieldsV2" }]],
    ["of no form", [{ ...entry("m"), fieldsType: undefined }]],
    ["with a set that is none", [{ ...entry("m"), fieldsV1: { "f:a": 1 } }]],
    ["that are no list", {}],
    ["that are no objects", ["m"]],
  ])("%s are none", (_, value) => {
    expect(decodeEntries(value)).toBeUndefined();
  });

  it("are written in the one form that sets have", () => {
    const fieldsV1 = { "f:a": { ".": {} }, "f:l": { 'k:{"b":1,"a":"x"}': {}, 'v: "y"': {}, "i:1": {}, "later:thing": {}, "k:nonsense": {} } };
    expect(decodeEntries([{ ...entry("m"), fieldsV1 }])?.[0]?.fieldsV1).toEqual({
      "f:a": {},
      "f:l": { 'k:{"a":"x","b":1}': {}, 'v:"y"': {}, "i:1": {} },
    });
  });

  it.each<[unknown, boolean]>([[[], true], [[{}], true], [[{ manager: "m" }], false], [[{}, {}], false], [undefined, false]])("%j reset them: %s", (value, isAsked) => {
    expect(isReset(value)).toBe(isAsked);
  });
});

describe("entries", () => {
  it("lose what another took, and go when nothing is left", () => {
    const entries = [entry("one"), entry("both", { fieldsV1: { "f:a": leaf, "f:b": leaf } })];
    expect(losing(entries, { "f:a": leaf })).toEqual([entry("both", { fieldsV1: { "f:b": leaf } })]);
  });

  it("come appliers first, then by time, then by name", () => {
    const later = "2020-01-02T00:00:00Z";
    const list = [entry("b"), entry("a"), entry("z", { operation: "Apply", time: later }), entry("c", { time: later })];
    expect(sorted(list).map(({ manager }) => manager)).toEqual(["z", "a", "b", "c"]);
  });
});

describe("more than ten managers of updates", () => {
  const at = (second: number) => `2020-01-01T00:00:${String(second).padStart(2, "0")}Z`;
  const many = (count: number, apiVersion = "v1") =>
    Array.from({ length: count }, (_, index) => entry(`m${index}`, { apiVersion, time: at(index), fieldsV1: { [`f:${index}`]: leaf } }));

  it("are not there", () => {
    const entries = many(10);
    expect(capped(entries)).toBe(entries);
    expect(capped([...entries, entry("applier", { operation: "Apply" })])).toHaveLength(11);
  });

  it("become ten, the oldest of them ancient", () => {
    const entries = capped(many(12));
    expect(entries).toHaveLength(10);
    expect(entries.find(({ manager }) => manager === "ancient-changes")).toEqual(
      entry("ancient-changes", { time: at(2), fieldsV1: { "f:0": leaf, "f:1": leaf, "f:2": leaf } }),
    );
  });

  it("go into what is ancient already", () => {
    const first = capped(many(11));
    const again = capped([...first, entry("new", { time: at(30), fieldsV1: { "f:new": leaf } })]);
    expect(again).toHaveLength(10);
    expect(again.filter(({ manager }) => manager === "ancient-changes").map(({ fieldsV1 }) => Object.keys(fieldsV1).sort())).toEqual([["f:0", "f:1", "f:2"]]);
  });

  it("are merged with those of their version only", () => {
    const entries = capped([...many(1, "v2"), ...many(10)]);
    expect(entries).toHaveLength(10);
    expect(entries.filter(({ apiVersion }) => apiVersion === "v2").map(({ manager }) => manager)).toEqual(["m0"]);
  });
});
