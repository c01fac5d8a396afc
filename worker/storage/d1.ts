/**
 * The production database. Everything goes through `batch`, which is one transaction: a commit is the fence, the
 * versions, what became current and what went, all or nothing.
 *
 * Rows written: the fence 1; a create 2; an update 2 and 1 when its predecessor is compacted; a deletion 2 and 2.
 */
import type { D1Database } from "@cloudflare/workers-types";
import { sql, type SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { Codec } from "./codec.ts";
import { chunkBytes, jsonChunks, utf8Bytes } from "./json-chunks.ts";
import { FencedError, type Commit, type HistoryRow, type InDoubt, type Meta, type ObjectRow, type Persistence, type Counters, type Snapshot, type VersionRow } from "./persistence.ts";
import { allocations, meta, objects, versions } from "./schema.ts";
import type { ChangeType, ObjectIndex, ObjectKey, ObjectText, StoredObject } from "./store.ts";

/** Objects read in one statement when the store starts. */
const pageRows = 5_000;

/** What is used of D1. */
export type Batching = Pick<D1Database, "prepare" | "batch">;

export const noneYet = (): Counters => ({ rowsRead: 0, rowsWritten: 0, queries: 0, commits: 0, operations: 0 });

const dialect = new SQLiteAsyncDialect();

type Row = Record<string, string | number | null>;
type EncodedVersion = [number, number, string, number, string, number, string | null, string | null, string | null];

export class D1Persistence implements Persistence {
  readonly #database: Batching;
  readonly #codec: Codec;
  readonly #counters: Counters;

  /** `counters` are shared by those that are to be counted together. */
  constructor(database: Batching, codec: Codec, counters: Counters = noneYet()) {
    this.#database = database;
    this.#codec = codec;
    this.#counters = counters;
  }

  counters(): Counters {
    return { ...this.#counters };
  }

  async takeOver(inDoubt?: InDoubt): Promise<Snapshot> {
    const [metaRows, doubtful, allocationRows, first] = await this.#all([
      sql`UPDATE ${meta} SET epoch = epoch + 1 WHERE id = 1 RETURNING *`,
      sql`SELECT rv FROM ${versions} WHERE rv > ${inDoubt?.from ?? 0} AND rv <= ${inDoubt?.to ?? 0} AND epoch = ${inDoubt?.epoch ?? 0} LIMIT 1`,
      sql`SELECT kind, value, owner FROM ${allocations}`,
      objectsAfter(""),
    ]);
    const facts = metaOf(metaRows);
    return {
      meta: facts,
      objects: await this.#remainingObjects(facts, (first ?? []).map(objectOf)),
      allocations: (allocationRows ?? []).map(({ kind, value, owner }) => ({ kind: String(kind), value: String(value), owner: String(owner) })),
      isInDoubtCommitted: (doubtful ?? []).length > 0,
    };
  }

  /** Further pages count only while nobody else has written. */
  async #remainingObjects(facts: Meta, found: ObjectRow[]): Promise<ObjectRow[]> {
    while (found.length > 0 && found.length % pageRows === 0) {
      const [metaRows, page] = await this.#all([sql`SELECT * FROM ${meta}`, objectsAfter(found.at(-1)?.key ?? "")]);
      const now = metaOf(metaRows);
      if (now.epoch !== facts.epoch || now.revision !== facts.revision) throw new FencedError("another writer started meanwhile");
      if (page === undefined || page.length === 0) break;
      for (const row of page) found.push(objectOf(row));
    }
    return found;
  }

  async meta(): Promise<Meta> {
    const [rows] = await this.#all([sql`SELECT * FROM ${meta} WHERE id = 1`]);
    return metaOf(rows);
  }

  async read(keys: ObjectKey[]): Promise<{ revision: number; items: (StoredObject | undefined)[] }> {
    const [metaRows, rows] = await this.#all([
      sql`SELECT * FROM ${meta} WHERE id = 1`,
      sql`SELECT v.rv, v.key, v.key_id, v.data FROM ${objects} o JOIN ${versions} v ON v.rv = o.rv
          WHERE o.key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`,
    ]);
    const decoded = await Promise.all((rows ?? []).map((row) => this.#decode(row)));
    const found = new Map(decoded.map((object) => [object.key, object]));
    return { revision: metaOf(metaRows).revision, items: keys.map((key) => found.get(key)) };
  }

  async #decode({ rv, key, key_id: keyId, data }: Row): Promise<StoredObject> {
    const encoded = { keyId: typeof keyId === "string" ? keyId : null, data: String(data) };
    return { key: String(key), revision: Number(rv), text: await this.#codec.decode(String(key), Number(rv), encoded) };
  }

  async commit(commit: Commit): Promise<void> {
    const rows = await Promise.all(commit.versions.map((version) => this.#encode(commit.fence.epoch, version)));
    try {
      await this.#all([fence(commit), ...inserts(rows), ...currents(commit), ...claims(commit), ...compaction(commit)]);
    } catch (error) {
      if (isFence(error)) throw new FencedError("another writer has moved the revision", { cause: error });
      throw error;
    }
    this.#counters.commits += 1;
    this.#counters.operations += rows.length;
  }

  async #encode(epoch: number, version: VersionRow): Promise<EncodedVersion> {
    const { revision, key, previous, type, time, after, text } = version;
    const { keyId, data } = text === undefined ? { keyId: null, data: null } : await this.#codec.encode(key, revision, text);
    return [revision, epoch, key, previous, type, time, after === undefined ? null : JSON.stringify(after), keyId, data];
  }

  async texts(revisions: number[]): Promise<Map<number, ObjectText>> {
    const [rows] = await this.#all([
      sql`SELECT rv, key, key_id, data FROM ${versions} WHERE rv IN (SELECT value FROM json_each(${JSON.stringify(revisions)})) AND data IS NOT NULL`,
    ]);
    const decoded = await Promise.all((rows ?? []).map((row) => this.#decode(row)));
    return new Map(decoded.map(({ revision, text }) => [revision, text]));
  }

  get hasOldKeys(): boolean {
    return this.#codec.hasOldKeys === true;
  }

  async reseal(after: number, limit: number): Promise<{ resealed: number; last?: number }> {
    const { keyId } = this.#codec;
    if (keyId === undefined) return { resealed: 0 };
    const [rows = []] = await this.#all([
      sql`SELECT rv, key, key_id, data FROM ${versions} WHERE rv > ${after} AND key_id <> ${keyId} ORDER BY rv LIMIT ${limit}`,
    ]);
    const last = rows.at(-1);
    if (last === undefined) return { resealed: 0 };
    const updates = await Promise.all(rows.map((row) => this.#resealed(row)));
    const changed = await this.#all(updates);
    return { resealed: changed.flat().length, last: Number(last["rv"]) };
  }

  async #resealed(row: Row): Promise<SQL> {
    const { key, revision, text } = await this.#decode(row);
    const { keyId, data } = await this.#codec.encode(key, revision, text);
    return sql`UPDATE ${versions} SET key_id = ${keyId}, data = ${data} WHERE rv = ${revision} AND key = ${key} AND key_id = ${row["key_id"]} RETURNING rv`;
  }

  async history(after: number, limit: number): Promise<HistoryRow[]> {
    const [rows] = await this.#all([
      sql`SELECT v.rv, v.key, v.type, v.prev_rv, v.time, v.idx, p.idx AS before_idx FROM ${versions} v LEFT JOIN ${versions} p ON p.rv = v.prev_rv
          WHERE v.rv > ${after} ORDER BY v.rv LIMIT ${limit}`,
    ]);
    return (rows ?? []).map(historyOf);
  }

  /**
   * One transaction; rows of each statement. drizzle renders the statements; its own `batch` cannot take SQL with
   * parameters, and drops the counts of rows.
   */
  async #all(statements: SQL[]): Promise<Row[][]> {
    const prepared = statements.map((statement) => {
      const { sql: text, params } = dialect.sqlToQuery(statement);
      return this.#database.prepare(text).bind(...params);
    });
    const results = await this.#database.batch<Row>(prepared);
    for (const { meta: counted } of results) {
      this.#counters.queries += 1;
      this.#counters.rowsRead += counted.rows_read;
      this.#counters.rowsWritten += counted.rows_written;
    }
    return results.map((result) => result.results);
  }
}

function objectsAfter(key: string): SQL {
  return sql`SELECT key, rv, time, idx FROM ${objects} WHERE key > ${key} ORDER BY key LIMIT ${pageRows}`;
}

/** Writes NULL into a NOT NULL column, and so aborts the batch, unless the database stands where the writer thinks. */
function fence({ fence: { epoch, revision }, ...next }: Commit): SQL {
  return sql`UPDATE ${meta} SET rv = CASE WHEN rv = ${revision} AND epoch = ${epoch} THEN ${next.revision} END,
    cursor = ${next.cursor}, floor = ${next.floor}, due_at = ${next.dueAt},
    overdue = ${JSON.stringify(next.overdue)} WHERE id = 1`;
}

const versionColumns = sql.raw("rv, epoch, key, prev_rv, type, time, idx, key_id, data");

function inserts(rows: EncodedVersion[]): SQL[] {
  const isLarge = (row: EncodedVersion) => utf8Bytes(row[8] ?? "") > chunkBytes / 4;
  const bulk = jsonChunks(rows.filter((row) => !isLarge(row))).map((chunk) =>
    sql`INSERT INTO ${versions} (${versionColumns}) SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8
        FROM json_each(${chunk})`);
  // JSON inside JSON grows by its escapes; a large text is bound as it is.
  const single = rows.filter(isLarge).map((row) =>
    sql`INSERT INTO ${versions} (${versionColumns}) VALUES (${sql.join(row.map((value) => sql`${value}`), sql`, `)})`);
  return [...bulk, ...single];
}

/** The index travels once: what is current is copied from the versions just written. */
function currents({ current, gone }: Commit): SQL[] {
  const statements: SQL[] = [];
  if (current.length > 0) {
    statements.push(sql`INSERT INTO ${objects} (key, rv, time, idx) SELECT key, rv, time, idx FROM ${versions}
      WHERE rv IN (SELECT value FROM json_each(${JSON.stringify(current)}))
      ON CONFLICT (key) DO UPDATE SET rv = excluded.rv, time = excluded.time, idx = excluded.idx`);
  }
  for (const chunk of jsonChunks(gone)) statements.push(sql`DELETE FROM ${objects} WHERE key IN (SELECT value FROM json_each(${chunk}))`);
  return statements;
}

function claims({ claimed, released }: Commit): SQL[] {
  const statements: SQL[] = [];
  for (const chunk of jsonChunks(released.map(({ kind, value }) => [kind, value]))) {
    statements.push(sql`DELETE FROM ${allocations} WHERE (kind, value) IN (SELECT value->>0, value->>1 FROM json_each(${chunk}))`);
  }
  for (const chunk of jsonChunks(claimed.map(({ kind, value, owner }) => [kind, value, owner]))) {
    statements.push(sql`INSERT INTO ${allocations} (kind, value, owner) SELECT value->>0, value->>1, value->>2 FROM json_each(${chunk})
      WHERE true ON CONFLICT (kind, value) DO UPDATE SET owner = excluded.owner`);
  }
  return statements;
}

/** A version goes when its successor is at or below the floor; a deletion is its own successor. */
function compaction({ compaction: range }: Commit): SQL[] {
  if (range === undefined) return [];
  const within = sql`rv > ${range.from} AND rv <= ${range.to}`;
  return [
    sql`DELETE FROM ${versions} WHERE rv IN (SELECT prev_rv FROM ${versions} WHERE ${within} AND prev_rv > 0)`,
    sql`DELETE FROM ${versions} WHERE ${within} AND type = 'DELETED'`,
  ];
}

function isFence(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at.message.includes("NOT NULL constraint failed: meta.rv")) return true;
  return false;
}

function metaOf(rows: Row[] | undefined): Meta {
  const row = rows?.[0];
  if (row === undefined) throw new Error("the database has no meta row: are the migrations applied?");
  return {
    clusterUid: String(row["cluster_uid"]),
    epoch: Number(row["epoch"]),
    revision: Number(row["rv"]),
    floor: Number(row["floor"]),
    cursor: Number(row["cursor"]),
    dueAt: row["due_at"] === null ? null : Number(row["due_at"]),
    // Written by this file only.
    overdue: JSON.parse(String(row["overdue"])) as string[],
  };
}

function objectOf({ key, rv, time, idx }: Row): ObjectRow {
  return { key: String(key), revision: Number(rv), time: Number(time), index: indexOf(String(idx)) };
}

function historyOf(row: Row): HistoryRow {
  const history: HistoryRow = {
    revision: Number(row["rv"]),
    key: String(row["key"]),
    // Written by this file only.
    type: row["type"] as ChangeType,
    previous: Number(row["prev_rv"]),
    time: Number(row["time"]),
  };
  if (typeof row["idx"] === "string") history.after = indexOf(row["idx"]);
  if (typeof row["before_idx"] === "string") history.before = indexOf(row["before_idx"]);
  return history;
}

function indexOf(text: string): ObjectIndex {
  return JSON.parse(text);
}
