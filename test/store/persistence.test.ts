import { expect, it } from "vitest";
import { aesCodec } from "../../worker/storage/codec.ts";
import { D1Persistence } from "../../worker/storage/d1.ts";
import { persistenceContract } from "./persistence.contract.ts";
import { d1Of, openSqlite } from "./sqlite-d1.ts";

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString("base64");
const isSecret = (key: string): boolean => key.startsWith("secrets/");

persistenceContract("persistence over node:sqlite", async () =>
  new D1Persistence(d1Of(openSqlite()), aesCodec(`k:${keyOf(1)}`, isSecret)));

it("seals what an older key sealed anew, and finds none left; what another writes meanwhile stays", async () => {
  const database = d1Of(openSqlite());
  const old = new D1Persistence(database, aesCodec(`old:${keyOf(1)}`, isSecret));
  const { meta } = await old.takeOver();
  const index = { uid: "u", labels: {}, fields: {}, terms: [], generation: 0, isDeleting: false, isSettled: true };
  const versions = [2, 3, 4, 5].map((revision) => {
    const key = revision === 4 ? "pods/default/p" : `secrets/default/s${revision}`;
    return { revision, key, type: "ADDED" as const, previous: 0, time: revision, after: index, text: `text of ${revision}` };
  });
  const { cursor, floor, dueAt, overdue } = meta;
  await old.commit({ fence: meta, revision: 5, cursor, floor, dueAt, overdue, versions, current: [2, 3, 4, 5], gone: [], claimed: [], released: [] });
  expect(old.hasOldKeys).toBe(false);

  const both = new D1Persistence(database, aesCodec(`new:${keyOf(2)},old:${keyOf(1)}`, isSecret));
  expect(both.hasOldKeys).toBe(true);
  const texts = await both.texts([2, 3, 4, 5]);
  expect(await both.reseal(0, 2)).toEqual({ resealed: 2, last: 3 });
  expect(await both.reseal(3, 2)).toEqual({ resealed: 1, last: 5 });
  expect(await both.reseal(5, 2)).toEqual({ resealed: 0 });
  expect(await both.reseal(0, 100)).toEqual({ resealed: 0 });

  const rest = new D1Persistence(database, aesCodec(`new:${keyOf(2)}`, isSecret));
  expect(await rest.texts([2, 3, 4, 5])).toEqual(texts);
  const rows = database.prepare("SELECT key_id FROM versions WHERE rv >= 2 ORDER BY rv").bind();
  const [answer] = await database.batch<{ key_id: string | null }>([rows]);
  expect(answer?.results.map(({ key_id }) => key_id)).toEqual(["new", "new", null, "new"]);
});

it("names the migrations that the database is missing", async () => {
  const { DatabaseSync } = await import("node:sqlite");
  const persistence = new D1Persistence(d1Of(new DatabaseSync(":memory:")), aesCodec(`k:${keyOf(1)}`, isSecret));
  await expect(persistence.meta()).rejects.toThrow("no such table: meta");
});
