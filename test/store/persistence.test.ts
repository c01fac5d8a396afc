import { expect, it } from "vitest";
import { aesCodec } from "../../worker/storage/codec.ts";
import { D1Persistence } from "../../worker/storage/d1.ts";
import { persistenceContract } from "./persistence.contract.ts";
import { d1Of, openSqlite } from "./sqlite-d1.ts";

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString("base64");
const isSecret = (key: string): boolean => key.startsWith("secrets/");

persistenceContract("persistence over node:sqlite", async () =>
  new D1Persistence(d1Of(openSqlite()), aesCodec(`k:${keyOf(1)}`, isSecret)));

it("names the migrations that the database is missing", async () => {
  const { DatabaseSync } = await import("node:sqlite");
  const persistence = new D1Persistence(d1Of(new DatabaseSync(":memory:")), aesCodec(`k:${keyOf(1)}`, isSecret));
  await expect(persistence.meta()).rejects.toThrow("no such table: meta");
});
