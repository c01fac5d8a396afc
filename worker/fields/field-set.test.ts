import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { difference, emptySet, hasPath, intersection, isEmpty, isSame, leaf, pathsOf, SetBuilder, union, without, type FieldSet } from "./field-set.ts";
import { comparePaths, pathText } from "./path-element.ts";

const element = fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', "v:1");
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const paths = fc.array(path, { maxLength: 8 });

function setOf(list: readonly (readonly string[])[]): FieldSet {
  const builder = new SetBuilder();
  for (const one of list) builder.graft(one, leaf);
  return builder.set();
}

const set = paths.map(setOf);
const textsOf = (one: FieldSet): string[] => [...pathsOf(one)].map(pathText).sort();

describe("a field set", () => {
  it("holds the paths that were put into it, and no others", () => {
    fc.assert(fc.property(paths, (list) => {
      expect(textsOf(setOf(list))).toEqual([...new Set(list.map(pathText))].sort());
    }));
  });

  it("tells a path from those that go through it", () => {
    const both = setOf([["f:a"], ["f:a", "f:b"]]);
    expect(both).toEqual({ "f:a": { ".": {}, "f:b": {} } });
    expect(hasPath(both, ["f:a"])).toBe(true);
    expect(hasPath(setOf([["f:a", "f:b"]]), ["f:a"])).toBe(false);
    expect(hasPath(both, [])).toBe(false);
  });

  it("does not change when others are made of it", () => {
    fc.assert(fc.property(set, set, path, (left, right, extra) => {
      const before = structuredClone([left, right]);
      const builder = new SetBuilder();
      builder.graft(["f:a"], left);
      builder.graft(["f:a", ...extra], leaf);
      union(left, right);
      difference(left, right);
      intersection(left, right);
      without(left, right);
      expect([left, right]).toEqual(before);
    }));
  });
});

describe("the algebra of field sets", () => {
  const has = (one: FieldSet, at: string[]) => hasPath(one, at);
  const rows: [sentence: string, operation: (left: FieldSet, right: FieldSet) => FieldSet, rule: (left: boolean, right: boolean) => boolean][] = [
    ["a union has what either has", union, (left, right) => left || right],
    ["an intersection has what both have", intersection, (left, right) => left && right],
    ["a difference has what only the left one has", difference, (left, right) => left && !right],
  ];
  it.each(rows)("%s", (_, operation, rule) => {
    fc.assert(fc.property(set, set, path, (left, right, at) => {
      expect(has(operation(left, right), at)).toBe(rule(has(left, at), has(right, at)));
    }));
  });

  it("writes every set in one form", () => {
    fc.assert(fc.property(set, set, (left, right) => {
      for (const made of [union(left, right), intersection(left, right), difference(left, right), without(left, right)]) {
        expect(setOf([...pathsOf(made)])).toEqual(made);
      }
    }));
  });

  it("obeys the laws of sets", () => {
    fc.assert(fc.property(set, set, set, (a, b, c) => {
      expect(isSame(union(a, b), union(b, a))).toBe(true);
      expect(isSame(union(a, union(b, c)), union(union(a, b), c))).toBe(true);
      expect(isSame(difference(a, union(b, c)), difference(difference(a, b), c))).toBe(true);
      expect(isSame(union(difference(a, b), intersection(a, b)), a)).toBe(true);
      expect(isEmpty(difference(a, a))).toBe(true);
      expect(isEmpty(intersection(a, emptySet))).toBe(true);
    }));
  });

  it("takes whole parts away where it is asked for them", () => {
    fc.assert(fc.property(set, set, path, (left, right, at) => {
      const isBelow = at.some((_, length) => has(right, at.slice(0, length + 1)));
      expect(has(without(left, right), at)).toBe(has(left, at) && !isBelow);
    }));
  });
});

describe("paths", () => {
  it.each([
    [["f:spec", "f:containers", 'k:{"containerPort":80,"protocol":"TCP"}', "f:name"], '.spec.containers[containerPort=80,protocol="TCP"].name'],
    [["f:metadata", "f:finalizers", 'v:"a/b"'], '.metadata.finalizers[="a/b"]'],
    [["f:items", "i:3"], ".items[3]"],
    [["f:metadata", "f:annotations", "f:example.com/a"], ".metadata.annotations.example.com/a"],
  ])("%j are written %s", (elements, text) => {
    expect(pathText(elements)).toBe(text);
  });

  it("come fields first, then keys, values and places, and what is above first", () => {
    const list = [["i:1"], ["v:1"], ["f:b"], ['k:{"a":1}'], ["f:a", "f:z"], ["f:a"]];
    expect(list.sort(comparePaths)).toEqual([["f:a"], ["f:a", "f:z"], ["f:b"], ['k:{"a":1}'], ["v:1"], ["i:1"]]);
  });
});
