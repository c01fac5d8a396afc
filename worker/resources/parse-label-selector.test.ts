import { describe, expect, it } from "vitest";
import { matchesLabels } from "../../protocol/selectors.ts";
import { parseLabelSelector } from "./parse-label-selector.ts";

const labels = { app: "web", tier: "front", empty: "", cores: "16" };

describe("a label selector of a query string", () => {
  const rows: [sentence: string, selector: string, matches: boolean][] = [
    ["an empty selector selects everything", " ", true],
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
    ["nothing in a set is the empty value", "empty in (),empty in (a,)", true],
    ["an empty value equals the empty string", "empty=", true],
    ["spaces around the operator mean nothing", "app = web , tier = front", true],
    ["spaces before a set mean nothing", "app in(web)", true],
    ["a prefixed key is a key", "example.com/app!=web", true],
    ["a number may be more", "cores>8", true],
    ["a number may be less", "cores < 8", false],
    ["a word that is an operator may be a key", "in,app", false],
  ];
  it.each(rows)("%s", (_, selector, matches) => {
    const parsed = parseLabelSelector(selector);
    expect(parsed.ok && matchesLabels(parsed.requirements, labels)).toBe(matches);
    expect(parsed.ok).toBe(true);
  });

  const nameRule = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const valueRule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
  it.each([
    ["a set that is not closed", "app in (a", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["a set that is not opened", "app in a", "unable to parse requirement: found 'a' expected: '('"],
    ["an operator without a key", "=a", "found '=', expected: !, identifier, or 'end of string'"],
    ["an empty requirement", "app=web,,tier", "found ',', expected: identifier after ','"],
    ["a trailing comma", "app=web,", "found '', expected: identifier after ','"],
    ["two words", "app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"],
    ["an operator in capitals", "app IN (a)", "unable to parse requirement: found 'IN', expected: in, notin, =, ==, !=, gt, lt"],
    ["three equals signs", "app===web", "unable to parse requirement: found '=', expected: identifier"],
    ["an absent label's value", "!app=web", "found '=', expected: ',' or 'end of string'"],
    ["a key that is none", "a@b=c", `unable to parse requirement: <nil>: Invalid value: "a@b": ${nameRule}`],
    ["a value that is no label value", "app=-web", `unable to parse requirement: values[0][app]: Invalid value: "-web": ${valueRule}`],
    ["a bound that is no number", "cores>many", `unable to parse requirement: values[0]: Invalid value: "many": for 'Gt', 'Lt' operators, the value must be an integer`],
  ])("%s is refused in upstream's words", (_, selector, message) => expect(parseLabelSelector(selector)).toEqual({ ok: false, message }));
});
