/** The hub's tables in its own SQLite. A heartbeat ends here: the cluster's database never hears of it. */
import type { SessionRequest } from "../../protocol/session.ts";
import type { AgentKeyStorage } from "./agent-keys.ts";
import type { LeaseStorage, NodeLease } from "./leases.ts";
import type { SessionStorage } from "./open-sessions.ts";

/** The part of a Durable Object's SqlStorage that is used here. */
export interface Sql {
  exec(query: string, ...bindings: (string | number | null)[]): { toArray(): Record<string, unknown>[] };
}

export function createTables(sql: Sql): void {
  sql.exec("CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, lease TEXT NOT NULL) WITHOUT ROWID");
  sql.exec("CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, node TEXT NOT NULL, request TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID");
  sql.exec("CREATE TABLE IF NOT EXISTS agents (node TEXT PRIMARY KEY, public_key TEXT NOT NULL, read_at INTEGER NOT NULL) WITHOUT ROWID");
  sql.exec("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
}

/** Leases stay in memory beside their rows: a hundred nodes are a few kilobytes, and each poll looks at all. */
export function leaseStorage(sql: Sql): LeaseStorage {
  const rows = sql.exec("SELECT lease FROM leases").toArray();
  const leases = new Map(rows.map((row) => JSON.parse(String(row["lease"])) as NodeLease).map((lease) => [lease.name, lease]));
  return {
    get: (name) => leases.get(name),
    all: () => [...leases.values()],
    put(lease) {
      leases.set(lease.name, lease);
      sql.exec("INSERT OR REPLACE INTO leases (name, lease) VALUES (?, ?)", lease.name, JSON.stringify(lease));
    },
    delete(name) {
      leases.delete(name);
      sql.exec("DELETE FROM leases WHERE name = ?", name);
    },
  };
}

export function sessionStorage(sql: Sql): SessionStorage {
  return {
    put: ({ node, request, expiresAt }) => {
      sql.exec("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)", request.id, node, JSON.stringify(request), expiresAt);
    },
    delete: (id) => {
      sql.exec("DELETE FROM sessions WHERE id = ?", id);
    },
    ofNode: (node) => sql.exec("SELECT request, expires_at FROM sessions WHERE node = ?", node).toArray().map((row) => ({
      node,
      request: JSON.parse(String(row["request"])) as SessionRequest,
      expiresAt: Number(row["expires_at"]),
    })),
  };
}

export function agentKeyStorage(sql: Sql): AgentKeyStorage {
  return {
    get(node) {
      const [row] = sql.exec("SELECT public_key, read_at FROM agents WHERE node = ?", node).toArray();
      return row && { node, publicKey: String(row["public_key"]), readAt: Number(row["read_at"]) };
    },
    put: ({ node, publicKey, readAt }) => {
      sql.exec("INSERT OR REPLACE INTO agents VALUES (?, ?, ?)", node, publicKey, readAt);
    },
  };
}

export function readFact(sql: Sql, name: string): string | undefined {
  const [row] = sql.exec("SELECT value FROM facts WHERE name = ?", name).toArray();
  return row === undefined ? undefined : String(row["value"]);
}

export function writeFact(sql: Sql, name: string, value: string): void {
  sql.exec("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", name, value);
}
