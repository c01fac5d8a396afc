/** The contract of persistence on D1 itself, and what only D1 tells: the rows that it counts. */
import { applyD1Migrations, env, reset } from "cloudflare:test";
import { expect, it } from "vitest";
import { aesCodec } from "../../worker/storage/codec.ts";
import { D1Persistence } from "../../worker/storage/d1.ts";
import { persistenceContract } from "../store/persistence.contract.ts";

async function open(): Promise<D1Persistence> {
  await reset();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  return new D1Persistence(env.DB, aesCodec(env.ENCRYPTION_KEYS, (key) => key.startsWith("secrets/")));
}

persistenceContract("persistence over D1", open);

it("writes the rows that the bill allows: 2 a create, 3 an update or deletion with its compaction, 1 a commit", async () => {
  const persistence = await open();
  const { meta } = await persistence.takeOver();
  const facts = { cursor: 1, dueAt: null, overdue: [], claimed: [], released: [] };
  const version = { key: "pods/default/a", time: 0, text: "{}" };
  const after = { uid: "u", labels: {}, fields: {}, terms: [], generation: 1, isDeleting: false, isSettled: true };
  const written = async (work: Promise<void>) => {
    const before = persistence.counters().rowsWritten;
    await work;
    return persistence.counters().rowsWritten - before;
  };
  const fence = (revision: number) => ({ epoch: meta.epoch, revision });
  expect(await written(persistence.commit({
    ...facts, fence: fence(1), revision: 2, floor: 1, current: [2], gone: [],
    versions: [{ ...version, revision: 2, type: "ADDED", previous: 0, after }],
  }))).toBe(3);
  expect(await written(persistence.commit({
    ...facts, fence: fence(2), revision: 3, floor: 1, current: [3], gone: [],
    versions: [{ ...version, revision: 3, type: "MODIFIED", previous: 2, before: after, after }],
  }))).toBe(3);
  expect(await written(persistence.commit({
    ...facts, fence: fence(3), revision: 4, floor: 1, current: [], gone: ["pods/default/a"],
    versions: [{ key: version.key, time: 0, revision: 4, type: "DELETED", previous: 3, before: after }],
  }))).toBe(3);
  // The three versions, and the commit: with the six rows above 9 rows for three operations, and 4 for four commits.
  expect(await written(persistence.commit({
    ...facts, fence: fence(4), revision: 4, floor: 4, versions: [], current: [], gone: [], compaction: { from: 1, to: 4 },
  }))).toBe(4);
});
