import { describe, expect, it } from "vitest";
import { find, parseJsonPath } from "./json-path.ts";

const object = {
  spec: { list: [{ name: "x", n: 1 }, { name: "y", n: 2 }], "a.b": "dotted" },
  status: { conditions: [{ type: "Synced", status: "True" }, { type: "Ready", status: "False" }] },
};

describe("a path", () => {
  it.each<[string, unknown[]]>([
    [".status.conditions[?(@.type==\"Ready\")].status", ["False"]],
    [".spec.list[?(@.name==\"x\")].name", ["x"]],
    [".spec.list[?(@.n>1)].name", ["y"]],
    [".spec.list[?(@.n)].n", [1, 2]],
    [".spec.list[*].name", ["x", "y"]],
    [".spec.list[-1].n", [2]],
    [".spec.list[0:1].n", [1]],
    [".spec['a.b']", ["dotted"]],
    [".spec.a\\.b", ["dotted"]],
    ["..type", ["Synced", "Ready"]],
    [".spec.absent[0]", []],
  ])("%s leads to %j", (path, found) => {
    const parsed = parseJsonPath(path);
    expect("steps" in parsed ? find(object, parsed.steps) : parsed).toEqual(found);
  });

  it.each([["spec.a"], [".spec["], [".spec[?(x)]"], [".a[?(@.b[)].c"]])("%s is none", (path) => {
    expect(parseJsonPath(path)).toHaveProperty("error");
  });
});
