import { describe, expect, it } from "vitest";
import { matchesFields, matchesLabels, matchesSelector, parseFieldSelector, parseLabelSelector } from "./selectors.ts";

const labels = { app: "web", tier: "front", empty: "" };

describe("a label selector of a query string", () => {
  const rows: [sentence: string, selector: string, matches: boolean | "an error"][] = [
    ["an empty selector selects everything", "", true],
    ["an equal label matches", "app=web", true],
    ["two equals signs mean the same as one", "app==web", true],
    ["another value does not match", "app=db", false],
    ["every requirement must hold", "app=web,tier=back", false],
    ["a label that is not there is unequal", "missing!=x", true],
    ["a label that is there exists", "tier", true],
    ["a label that is not there does not exist", "!missing", true],
    ["a value may be one of a set", "app in (db, web),tier", true],
    ["a value may be outside of a set", "tier notin (front)", false],
    ["a label that is not there is outside of every set", "missing notin (a)", true],
    ["an empty value equals the empty string", "empty=", true],
    ["spaces around the operator mean nothing", "app = web , tier = front", true],
    ["a prefixed key is a key", "example.com/app!=web", true],
    ["an unclosed set is an error", "app in (a", "an error"],
    ["an operator without a key is an error", "=a", "an error"],
    ["an empty requirement is an error", "app=web,,tier", "an error"],
    ["a trailing comma is an error", "app=web,", "an error"],
    ["an unknown operator is an error", "app ~ web", "an error"],
    ["a value that is no label value is an error", "app=-web", "an error"],
  ];
  it.each(rows)("%s", (_, selector, matches) => {
    const parsed = parseLabelSelector(selector);
    expect(parsed.ok ? matchesLabels(parsed.requirements, labels) : "an error").toBe(matches);
  });
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
