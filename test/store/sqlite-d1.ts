/**
 * D1's interface over node:sqlite, as far as drizzle's `batch` uses it: one batch is one transaction, errors carry
 * SQLite's text. For tests that need thousands of small databases; what only D1 does is tested in workerd.
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { D1Database, D1PreparedStatement, D1Result } from "@cloudflare/workers-types";
import { readMigrations } from "../../migrations/apply.ts";

export type BatchingDatabase = Pick<D1Database, "prepare" | "batch">;

interface Statement {
  query: string;
  parameters: SQLInputValue[];
}

const migrations = await readMigrations();

export function openSqlite(path = ":memory:"): DatabaseSync {
  const database = new DatabaseSync(path);
  for (const { sql } of migrations) database.exec(sql);
  return database;
}

export function d1Of(database: DatabaseSync): BatchingDatabase {
  const statement = (query: string, parameters: SQLInputValue[]): D1PreparedStatement => {
    const made: Statement & { bind(...values: SQLInputValue[]): D1PreparedStatement } = {
      query,
      parameters,
      bind: (...values) => statement(query, values),
    };
    // The batch below takes it apart again; nobody else calls the rest of the interface.
    return made as unknown as D1PreparedStatement;
  };
  return {
    prepare: (query) => statement(query, []),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      await Promise.resolve();
      return inTransaction(database, () => statements.map((each) => run<T>(database, each as unknown as Statement)));
    },
  };
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function run<T>(database: DatabaseSync, { query, parameters }: Statement): D1Result<T> {
  const prepared = database.prepare(query);
  const before = changes(database);
  const results = prepared.all(...parameters) as T[];
  // SQLite's own count: without index entries, which this schema has none of, and without rows read.
  const written = changes(database) - before;
  return { success: true, results, meta: { duration: 0, size_after: 0, rows_read: results.length, rows_written: written, last_row_id: 0, changed_db: written > 0, changes: written } };
}

function changes(database: DatabaseSync): number {
  return Number(database.prepare("SELECT total_changes() AS count").get()?.["count"] ?? 0);
}
