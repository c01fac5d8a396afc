import { describe, expect, it } from "vitest";
import { patternOf } from "./regular-expressions.ts";

describe("a pattern", () => {
  const rows: [sentence: string, pattern: string, text: string, isMatch: boolean][] = [
    ["that is anchored", "^[a-z]+$", "abc", true],
    ["of a length", "^[a-z]{1,3}$", "abcd", false],
    ["that may begin anywhere", "[a-z]+-", "123-abc-", true],
    ["with a comma of its own", "^[a,b]+$", "a,b", true],
  ];
  it.each(rows)("%s says what Go's does", (_sentence, pattern, text, isMatch) => {
    expect(patternOf(pattern).matches(text)).toBe(isMatch);
  });

  const slow: [sentence: string, pattern: string, text: string][] = [
    ["that may begin anywhere", "[a-z]+-", "a".repeat(100_000)],
    ["of many that may be there", `^${"a?".repeat(30)}${"a".repeat(30)}$`, `${"a".repeat(29)}b`],
    ["of many of some length", `^${"a{0,9}".repeat(12)}b$`, "a".repeat(100)],
  ];
  it.each(slow)("%s takes no longer than its text is long", (_sentence, pattern, text) => {
    const started = performance.now();
    expect(patternOf(pattern).matches(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
