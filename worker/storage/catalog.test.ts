import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byCodeUnits, Catalog, claimId, claimOf } from "./catalog.ts";
import type { ObjectIndex } from "./store.ts";

const indexOf = (terms: string[]): ObjectIndex =>
  ({ uid: "u", labels: {}, fields: {}, terms, generation: 1, isDeleting: false, isSettled: true });

const keys = ["pods/a/x", "pods/a/y", "pods/a-b/x", "pods/a0/x", "pods/b/x", "pods//x", "widgets/a/x"];
const change = fc.record({ key: fc.constantFrom(...keys), terms: fc.option(fc.subarray(["t1", "t2"]), { nil: undefined }) });

function apply(catalog: Catalog, key: string, terms: string[] | undefined, revision: number): void {
  catalog.apply({ key, revision, type: "MODIFIED", previous: 0, time: 0, ...(terms && { after: indexOf(terms) }) });
}

describe("the catalog", () => {
  it("finds by key, namespace and term what was applied, and nothing that is gone", () => {
    fc.assert(fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const catalog = new Catalog([], []);
      const model = new Map<string, string[]>();
      for (const [at, { key, terms }] of changes.entries()) {
        apply(catalog, key, terms, at);
        if (terms === undefined) model.delete(key);
        else model.set(key, terms);
      }
      expect(catalog.size).toBe(model.size);
      for (const resource of ["pods", "widgets"]) {
        expect(catalog.range(resource).keys).toEqual([...model.keys()].filter((key) => key.startsWith(`${resource}/`)).toSorted(byCodeUnits));
        for (const namespace of ["", "a", "a-b", "a0", "b", "none"]) {
          const found = [...catalog.inNamespace(resource, namespace)].map(([key]) => key);
          expect(found).toEqual([...model.keys()].filter((key) => key.startsWith(`${resource}/${namespace}/`)).toSorted(byCodeUnits));
        }
      }
      for (const term of ["t1", "t2"]) {
        expect([...catalog.byTerm(term)].toSorted()).toEqual([...model].filter(([, terms]) => terms.includes(term)).map(([key]) => key).toSorted());
      }
    }));
  });

  it("is the same when it is loaded at once", () => {
    const rows = keys.map((key, at) => ({ key, revision: at, time: 0, index: indexOf(["t"]) }));
    const catalog = new Catalog(rows.toReversed(), [{ kind: "ip", value: "1", owner: "pods/a/x" }]);
    expect(catalog.range("pods").keys).toEqual(keys.filter((key) => key.startsWith("pods/")).toSorted(byCodeUnits));
    expect([...catalog.claimsOf("pods/a/x")].map(claimOf)).toEqual([{ kind: "ip", value: "1" }]);
  });

  it("moves a claim from owner to owner", () => {
    const catalog = new Catalog([], []);
    const id = claimId({ kind: "nodePort", value: "30000" });
    catalog.claim(id, "services/a/x");
    catalog.claim(id, "services/a/y");
    expect([catalog.owner(id), [...catalog.claimsOf("services/a/x")], [...catalog.claimsOf("services/a/y")]]).toEqual(["services/a/y", [], [id]]);
    catalog.claim(id, undefined);
    expect([catalog.owner(id), [...catalog.claimsOf("services/a/y")]]).toEqual([undefined, []]);
  });
});
