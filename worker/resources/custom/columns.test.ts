import { describe, expect, it } from "vitest";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { definitionColumns } from "./columns.ts";

const object = { metadata: { name: "a", uid: "u", creationTimestamp: "2026-01-01T00:00:00Z", resourceVersion: "1" }, spec: { text: "t", whole: 3, part: 2.5, yes: true, when: "2026-01-01T00:00:00Z", list: [{ name: "x" }, { name: "y" }], object: { a: 1 }, nothing: null } } as Stored<object>;
const now = Date.parse("2026-01-01T01:30:00Z");
const cellOf = (type: string, jsonPath: string) => definitionColumns([{ name: "C", type, jsonPath }])[1]?.cell(object as never, now);

describe("a column", () => {
  it.each<[string, string, unknown]>([
    ["string", ".spec.text", "t"],
    ["string", ".spec.whole", "3"],
    ["string", ".spec.object", '{"a":1}'],
    ["string", ".spec.list[1].name", "y"],
    ["string", ".spec.list[?(@.name==\"x\")].name", "x"],
    ["string", ".spec.nothing", null],
    ["string", ".spec.absent.deeper", null],
    ["integer", ".spec.whole", 3],
    ["integer", ".spec.part", 2],
    ["integer", ".spec.text", null],
    ["number", ".spec.part", 2.5],
    ["boolean", ".spec.yes", true],
    ["boolean", ".spec.text", null],
    ["date", ".spec.when", "90m"],
    ["date", ".spec.text", "<invalid>"],
    ["date", ".spec.whole", null],
  ])("of type %s shows %s as %j", (type, path, cell) => {
    expect(cellOf(type, path)).toBe(cell);
  });

  it("stands after the name; without any, age does", () => {
    expect(definitionColumns([{ name: "C", type: "string", jsonPath: ".x" }]).map(({ name }) => name)).toEqual(["Name", "C"]);
    expect(definitionColumns([]).map(({ name }) => name)).toEqual(["Name", "Age"]);
  });

  it("describes itself, or its path does", () => {
    const [, own, none] = definitionColumns([{ name: "A", type: "string", jsonPath: ".a", description: "what it is", priority: 1 }, { name: "B", type: "string", jsonPath: ".b" }]);
    expect([own?.description, own?.priority]).toEqual(["what it is", 1]);
    expect([none?.description, none?.priority]).toEqual(["Custom resource definition column (in JSONPath format): .b", 0]);
  });
});
