import { describe, expect, it } from "vitest";
import { emptyRuleset, renderAll, renderChange, type Ruleset } from "./ruleset.ts";

function ruleset(parts: { sets?: Record<string, string>; chains?: Record<string, string[]>; services?: Record<string, string> }): Ruleset {
  return {
    sets: new Map(Object.entries(parts.sets ?? {})),
    chains: new Map(Object.entries(parts.chains ?? {})),
    elements: new Map([["services", new Map(Object.entries(parts.services ?? {}))]]),
  };
}

const one = ruleset({ chains: { a: ["rule 1"] }, services: { "1.1.1.1": "goto a" } });

describe("renderChange", () => {
  it.each<[string, Ruleset, Ruleset, string[]]>([
    ["the same ruleset is no command", one, ruleset({ chains: { a: ["rule 1"] }, services: { "1.1.1.1": "goto a" } }), []],
    [
      "a new Service: chain, then rules, then the element that leads there",
      emptyRuleset,
      one,
      ["add chain ip t a", "add rule ip t a rule 1", "add element ip t services { 1.1.1.1 : goto a }"],
    ],
    [
      "a Service that goes: the element first, then the chain, emptied before it is deleted",
      one,
      emptyRuleset,
      ["delete element ip t services { 1.1.1.1 }", "flush chain ip t a", "delete chain ip t a"],
    ],
    [
      "changed endpoints refill the chain and touch nothing else",
      one,
      ruleset({ chains: { a: ["rule 2"] }, services: { "1.1.1.1": "goto a" } }),
      ["flush chain ip t a", "add rule ip t a rule 2"],
    ],
    [
      "an element that leads elsewhere is removed and added",
      ruleset({ chains: { a: [], b: [] }, services: { "1.1.1.1": "goto a" } }),
      ruleset({ chains: { a: [], b: [] }, services: { "1.1.1.1": "goto b" } }),
      ["delete element ip t services { 1.1.1.1 }", "add element ip t services { 1.1.1.1 : goto b }"],
    ],
    [
      "a set exists before the chains that use it and goes after them",
      ruleset({ sets: { s1: "{}" }, chains: { a: ["@s1"] } }),
      ruleset({ sets: { s2: "{}" }, chains: { a: ["@s2"] } }),
      ["add set ip t s2 {}", "flush chain ip t a", "add rule ip t a @s2", "delete set ip t s1"],
    ],
    [
      "chains that name each other are all made before they are filled",
      emptyRuleset,
      ruleset({ chains: { a: ["goto b"], b: ["goto c"], c: [] } }),
      ["add chain ip t a", "add chain ip t b", "add chain ip t c", "add rule ip t a goto b", "add rule ip t b goto c"],
    ],
  ])("%s", (_, from, to, expected) => expect(renderChange("t", from, to).split("\n").filter(Boolean)).toEqual(expected));
});

describe("renderAll", () => {
  it("declares, deletes and declares the table, so that it replaces one that is there and one that is not", () => {
    expect(renderAll({ table: "t", body: "  frame\n" }, emptyRuleset)).toBe("table ip t {}\ndelete table ip t\ntable ip t {\n  frame\n}\n");
  });
});
