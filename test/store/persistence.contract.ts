/** What every Persistence does; run over node:sqlite beside this file, and over D1 in ../integration/d1.test.ts. */
import { beforeEach, describe, expect, it } from "vitest";
import { FencedError, type Commit, type Persistence, type Snapshot, type VersionRow } from "../../worker/storage/persistence.ts";
import { create } from "./objects.ts";

/** A change as the store commits it. */
function version(revision: number, key: string, more: Partial<VersionRow> = {}): VersionRow {
  const { text, index } = create(key, `at ${revision}`, { uid: `uid of ${key}` });
  return { revision, key, type: "ADDED", previous: 0, time: 1_000 * revision, after: index, text, ...more };
}

function deletion(revision: number, key: string, previous: number): VersionRow {
  return { revision, key, type: "DELETED", previous, time: 1_000 * revision };
}

function commitOf({ meta }: Snapshot, versions: VersionRow[], more: Partial<Commit> = {}): Commit {
  const revision = versions.at(-1)?.revision ?? meta.revision;
  const { cursor, floor, dueAt, overdue } = meta;
  const current = versions.filter(({ after }) => after !== undefined).map((each) => each.revision);
  const gone = versions.filter(({ after }) => after === undefined).map(({ key }) => key);
  const fence = { epoch: meta.epoch, revision: meta.revision };
  return { fence, revision, cursor, floor, dueAt, overdue, versions, current, gone, claimed: [], released: [], ...more };
}

export function persistenceContract(name: string, open: () => Promise<Persistence>): void {
  describe(name, () => {
    let persistence: Persistence;
    let start: Snapshot;

    const moved = (revision: number): Snapshot => ({ ...start, meta: { ...start.meta, revision } });

    beforeEach(async () => {
      persistence = await open();
      start = await persistence.takeOver();
    });

    it("starts empty, at revision 1, in epoch 1, with the UID of a cluster", () => {
      expect(start).toMatchObject({ objects: [], allocations: [], meta: { epoch: 1, revision: 1, floor: 1, cursor: 1, dueAt: null, overdue: [] } });
      expect(start.meta.clusterUid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    });

    it("gives back what was committed: objects with their index, texts, allocations, meta", async () => {
      const versions = [version(2, "pods/default/a"), version(3, "secrets/default/ä")];
      const claimed = [{ kind: "clusterIP", value: "10.96.0.1", owner: "pods/default/a" }];
      await persistence.commit(commitOf(start, versions, { claimed, cursor: 2, dueAt: 77, overdue: ["workload/a"] }));
      const next = await persistence.takeOver();
      expect(next.meta).toEqual({ ...start.meta, epoch: 2, revision: 3, cursor: 2, dueAt: 77, overdue: ["workload/a"] });
      expect(next.objects).toEqual(versions.map(({ key, revision, time, after }) => ({ key, revision, time, index: after })));
      expect(next.allocations).toEqual(claimed);
      expect(await persistence.texts([2, 3, 9])).toEqual(new Map(versions.map(({ revision, text }) => [revision, text])));
    });

    it("reads current objects without taking over", async () => {
      await persistence.commit(commitOf(start, [version(2, "pods/default/a"), version(3, "pods/default/a", { previous: 2, type: "MODIFIED" })], { current: [3] }));
      const { revision, items } = await persistence.read(["pods/default/none", "pods/default/a"]);
      expect(revision).toBe(3);
      expect(items.map((item) => item?.revision)).toEqual([undefined, 3]);
      expect((await persistence.meta()).epoch).toBe(1);
    });

    it.each([
      ["another revision", { epoch: 1, revision: 2 }],
      ["an older epoch", { epoch: 0, revision: 1 }],
      ["a later epoch", { epoch: 2, revision: 1 }],
    ])("refuses a commit that expects %s, and writes nothing of it", async (_what, fence) => {
      await expect(persistence.commit(commitOf(start, [version(2, "pods/default/a")], { fence }))).rejects.toBeInstanceOf(FencedError);
      expect((await persistence.takeOver()).objects).toEqual([]);
      expect(await persistence.history(1, 10)).toEqual([]);
    });

    it("refuses the batch of an older writer that lands after another took over, even at the same revision", async () => {
      await persistence.takeOver();
      await expect(persistence.commit(commitOf(start, [version(2, "pods/default/a")]))).rejects.toBeInstanceOf(FencedError);
      expect((await persistence.meta()).revision).toBe(1);
    });

    it("refuses a stale writer whose revisions are free again after compaction", async () => {
      await persistence.commit(commitOf(start, [version(2, "pods/default/a")]));
      await persistence.commit(commitOf(moved(2), [deletion(3, "pods/default/a", 2)]));
      await persistence.commit(commitOf(moved(3), [], { floor: 3, compaction: { from: 1, to: 3 } }));
      expect(await persistence.history(0, 10)).toEqual([]);
      await expect(persistence.commit(commitOf(start, [version(2, "pods/default/b")]))).rejects.toBeInstanceOf(FencedError);
      expect((await persistence.takeOver()).objects).toEqual([]);
    });

    it("tells whether a commit in doubt is there", async () => {
      await persistence.commit(commitOf(start, [version(2, "pods/default/a")]));
      expect((await persistence.takeOver({ epoch: 1, from: 1, to: 2 })).isInDoubtCommitted).toBe(true);
      expect((await persistence.takeOver({ epoch: 1, from: 2, to: 3 })).isInDoubtCommitted).toBe(false);
      expect((await persistence.takeOver({ epoch: 2, from: 1, to: 2 })).isInDoubtCommitted).toBe(false);
    });

    it("tells history in order, with what was before and after, page by page", async () => {
      const first = version(2, "pods/default/a");
      const second = version(3, "pods/default/a", { previous: 2, type: "MODIFIED" });
      await persistence.commit(commitOf(start, [first, second, deletion(4, "pods/default/a", 3)], { current: [], gone: [] }));
      const rows = await persistence.history(1, 2);
      expect(rows.map(({ revision, type, previous }) => [revision, type, previous])).toEqual([[2, "ADDED", 0], [3, "MODIFIED", 2]]);
      expect(rows.map(({ before, after }) => [before, after])).toEqual([[undefined, first.after], [first.after, second.after]]);
      expect(await persistence.history(3, 2)).toEqual([{ ...deletion(4, "pods/default/a", 3), before: second.after }]);
    });

    it("compacts what was replaced or deleted up to the floor, and nothing else", async () => {
      const versions = [
        version(2, "pods/default/a"),
        version(3, "pods/default/b"),
        version(4, "pods/default/a", { previous: 2, type: "MODIFIED" }),
        deletion(5, "pods/default/b", 3),
        version(6, "pods/default/a", { previous: 4, type: "MODIFIED" }),
      ];
      await persistence.commit(commitOf(start, versions, { current: [6], gone: [] }));
      await persistence.commit(commitOf(moved(6), [], { floor: 5, compaction: { from: 1, to: 5 } }));
      expect((await persistence.history(0, 10)).map(({ revision }) => revision)).toEqual([4, 6]);
      expect((await persistence.meta()).floor).toBe(5);
    });

    it("moves an allocation from one owner to another, and gives it free", async () => {
      const value = { kind: "nodePort", value: "30000" };
      await persistence.commit(commitOf(start, [], { claimed: [{ ...value, owner: "services/default/a" }] }));
      await persistence.commit(commitOf(start, [], { claimed: [{ ...value, owner: "services/default/b" }] }));
      expect((await persistence.takeOver()).allocations).toEqual([{ ...value, owner: "services/default/b" }]);
      const taken = { ...start, meta: { ...start.meta, epoch: 2 } };
      await persistence.commit(commitOf(taken, [], { released: [value] }));
      expect((await persistence.takeOver()).allocations).toEqual([]);
    });

    it("takes texts that are long, full of escapes or beyond ASCII", async () => {
      const texts = ["x".repeat(1_390_000), '"\\\n'.repeat(150_000), "ä€🙂".repeat(50_000)];
      const versions = texts.map((text, position) => version(2 + position, `configmaps/default/c${position}`, { text }));
      await persistence.commit(commitOf(start, versions));
      expect(await persistence.texts([2, 3, 4])).toEqual(new Map(texts.map((text, position) => [2 + position, text])));
    });

    it("loads more objects than one page holds", async () => {
      const versions = Array.from({ length: 10_500 }, (_, position) => ({ ...version(2 + position, `pods/default/p${position}`), text: "{}" }));
      await persistence.commit(commitOf(start, versions));
      const { objects } = await persistence.takeOver();
      expect(new Set(objects.map(({ key }) => key)).size).toBe(10_500);
    });
  });
}
