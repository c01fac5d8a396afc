/** What must hold of the database after any run, whatever failed on the way. */
import type { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import type { Attempt } from "./world.ts";

interface Version {
  rv: number;
  key: string;
  prev_rv: number;
  type: string;
  data: string | null;
}

export function versionsIn(database: DatabaseSync): Version[] {
  // The columns are what is selected.
  return database.prepare("SELECT rv, key, prev_rv, type, data FROM versions ORDER BY rv").all() as unknown as Version[];
}

/** For databases that were never compacted. */
export function expectSoundHistory(database: DatabaseSync, attempts: Attempt[]): void {
  const versions = versionsIn(database);
  expectChains(database, versions);
  const byRevision = new Map(versions.map((version) => [version.rv, version]));
  const acknowledged = attempts.flatMap((attempt) => writesOf(attempt));
  for (const { key, text, revision, expected } of acknowledged) {
    const version = byRevision.get(revision);
    expect(version, `acknowledged write of ${key} at ${revision}`).toMatchObject({ key, data: text });
    if (expected !== undefined) expect(version?.prev_rv, `what the write of ${key} at ${revision} replaced`).toBe(expected);
  }
  expectNoDoubles(versions);
  expectRefusedAbsent(versions, attempts);
  expectRealTimeOrder(attempts);
}

/** Revisions without gaps; each version of a key names the one before it; the last one is current. */
function expectChains(database: DatabaseSync, versions: Version[]): void {
  expect(versions.map(({ rv }) => rv)).toEqual(versions.map((_, position) => position + 2));
  const current = new Map<string, number>();
  for (const { rv, key, prev_rv: previous, type } of versions) {
    expect(previous, `what ${key} at ${rv} replaced`).toBe(current.get(key) ?? 0);
    if (type === "DELETED") current.delete(key);
    else current.set(key, rv);
  }
  const objects = database.prepare("SELECT key, rv FROM objects").all().map((row) => [row["key"], row["rv"]]);
  expect(new Map(objects as [string, number][])).toEqual(current);
  const meta = database.prepare("SELECT rv FROM meta").get();
  expect(meta?.["rv"]).toBe(versions.at(-1)?.rv ?? 1);
}

function writesOf({ list, answer }: Attempt): { key: string; text: string | null; revision: number; expected: number | undefined }[] {
  return (answer?.results ?? []).flatMap((result, at) => {
    const operation = list.operations[at];
    if (!result.ok || operation === undefined) return [];
    const text = operation.verb === "delete" ? null : operation.text;
    const expected = operation.verb === "create" ? 0 : operation.expect.revision;
    return [{ key: operation.key, text, revision: result.revision, expected }];
  });
}

/** Every write of a run has a text of its own. */
function expectNoDoubles(versions: Version[]): void {
  const texts = versions.flatMap(({ key, data }) => (data === null ? [] : [`${key} ${data}`]));
  expect(texts.length, "writes that are there twice").toBe(new Set(texts).size);
}

/** Whoever was told that a write was refused can rely on it. */
function expectRefusedAbsent(versions: Version[], attempts: Attempt[]): void {
  const texts = new Set(versions.map(({ key, data }) => `${key} ${data}`));
  for (const { list, answer } of attempts) {
    for (const [at, result] of (answer?.results ?? []).entries()) {
      const operation = list.operations[at];
      if (result.ok || operation === undefined || operation.verb === "delete") continue;
      expect(texts.has(`${operation.key} ${operation.text}`), `${operation.key} was refused (${result.reason})`).toBe(false);
    }
  }
}

/** A write that was answered before another began has the smaller revision. */
function expectRealTimeOrder(attempts: Attempt[]): void {
  for (const earlier of attempts) {
    for (const later of attempts) {
      if (earlier.endedAt === undefined || earlier.endedAt > later.startedAt) continue;
      for (const before of writesOf(earlier)) {
        for (const after of writesOf(later)) expect(before.revision, `${before.key} before ${after.key}`).toBeLessThan(after.revision);
      }
    }
  }
}
