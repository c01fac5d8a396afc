import { describe, expect, it } from "vitest";
import { fieldManagerCauses, fieldManagerOf } from "./field-manager.ts";

describe("a write is", () => {
  it.each([
    ["that of the manager that it names", "fieldManager=me", "kubectl/v1.35", "me"],
    ["that of its agent's first word", "", "kubectl/v1.35.2 (linux/amd64) kubernetes/abc", "kubectl"],
    ["nobody's that is known", "", "", "unknown"],
    ["that of an agent of many bytes, as far as they fit", "", `${"ü".repeat(100)}/1`, "ü".repeat(64)],
    ["that of an agent without what cannot be printed", "", "a\u00adb/1", "ab"],
  ])("%s", (_, query, agent, manager) => {
    const request = { headers: { get: () => agent } } as unknown as Request;
    expect(fieldManagerOf(new URLSearchParams(query), request)).toBe(manager);
  });
});

it("a manager's name may be long, but not too long, and has to be printable", () => {
  expect(fieldManagerCauses("x".repeat(128))).toEqual([]);
  expect(fieldManagerCauses("x".repeat(129))).toMatchObject([{ reason: "FieldValueTooLong" }]);
  expect(fieldManagerCauses("ü\u0000")).toMatchObject([{ message: 'Invalid value: "ü\\u0000": invalid character U+0000 (at position 2)' }]);
});
