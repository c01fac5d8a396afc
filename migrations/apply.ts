/**
 * Applies the SQL files of this folder to a D1 database, as `wrangler d1 migrations apply` does and into the same
 * table, so that either can go on where the other stopped. For Miniflare: the local supervisor and tests.
 */
import { readdir, readFile } from "node:fs/promises";
import type { D1Database } from "@cloudflare/workers-types";

export const migrationsFolder = new URL(".", import.meta.url);

export interface Migration {
  name: string;
  sql: string;
}

export async function readMigrations(folder: URL | string = migrationsFolder): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  const base = typeof folder === "string" ? new URL(`file://${folder.replace(/\/?$/, "/")}`) : folder;
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(new URL(name, base), "utf8") })));
}

/** Idempotent. Each file is one transaction. Returns the names of those that were new. */
export async function applyMigrations(database: D1Database, migrations?: Migration[]): Promise<string[]> {
  await database.prepare(
    `CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
       applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
  ).run();
  const rows = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(rows.results.map((row) => row.name));
  const fresh = (migrations ?? await readMigrations()).filter(({ name }) => !applied.has(name));
  for (const { name, sql } of fresh) {
    const record = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await database.batch([...statementsOf(sql).map((statement) => database.prepare(statement)), record]);
  }
  return fresh.map(({ name }) => name);
}

/** Statements end with a semicolon at the end of a line; comments are whole lines or follow a column. */
function statementsOf(sql: string): string[] {
  return sql.replaceAll(/--.*$/gm, "").split(/;\s*$/m).map((text) => text.trim()).filter((text) => text !== "");
}
