import { describe, expect, it } from "vitest";
import { matchesFields, matchesLabels, matchesSelector, parseFieldSelector } from "./selectors.ts";

const labels = { app: "web", tier: "front", empty: "" };

describe("a requirement of a query string", () => {
  it.each([
    ["more", "10", "9", true],
    ["the same", "9", "9", false],
    ["what is no number", "ten", "9", false],
    ["beyond what a float tells apart", "9007199254740993", "9007199254740992", true],
  ])("compares integers: %s", (_, value, bound, isMore) => {
    const [more, less] = (["Gt", "Lt"] as const).map((operator) => matchesLabels([{ key: "n", operator, values: [bound] }], { n: value }));
    expect([more, less]).toEqual([isMore, false]);
  });

  it("finds no number where there is no label", () => expect(matchesLabels([{ key: "n", operator: "Lt", values: ["9"] }], {})).toBe(false));
});

describe("a LabelSelector object", () => {
  it.each([
    ["absent selects nothing", undefined, false],
    ["empty selects everything", {}, true],
    ["matchLabels and matchExpressions both must hold", { matchLabels: { app: "web" }, matchExpressions: [{ key: "tier", operator: "NotIn", values: ["front"] }] }, false],
    ["Exists matches an empty value", { matchExpressions: [{ key: "empty", operator: "Exists" }] }, true],
    ["properties that every JavaScript object has are not labels", { matchExpressions: [{ key: "constructor", operator: "Exists" }] }, false],
  ])("%s", (_, selector, matches) => {
    expect(matchesSelector(selector, labels)).toBe(matches);
  });
});

describe("a field selector", () => {
  const fields = { "metadata.name": "a,b", "status.phase": "Running" };
  it.each([
    ["an equal field matches", "status.phase=Running", true],
    ["an unequal field matches", "status.phase!=Failed", true],
    ["a comma in a value is escaped", "metadata.name=a\\,b,status.phase==Running", true],
    ["a field that is not there equals the empty string", "spec.nodeName=", true],
    ["a term without an operator is an error", "status.phase", "an error"],
  ])("%s", (_, selector, matches) => {
    const parsed = parseFieldSelector(selector);
    expect(parsed.ok ? matchesFields(parsed.requirements, fields) : "an error").toBe(matches);
  });
});
