/** The tables of migrations/, as drizzle knows them. What each column is for stands there. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { ChangeType } from "./store.ts";

export const meta = sqliteTable("meta", {
  id: integer().primaryKey(),
  clusterUid: text("cluster_uid").notNull(),
  epoch: integer().notNull(),
  revision: integer("rv").notNull(),
  floor: integer().notNull(),
  cursor: integer().notNull(),
  dueAt: integer("due_at"),
  overdue: text().notNull(),
});

export const objects = sqliteTable("objects", {
  key: text().primaryKey(),
  revision: integer("rv").notNull(),
  time: integer().notNull(),
  index: text("idx").notNull(),
});

export const versions = sqliteTable("versions", {
  revision: integer("rv").primaryKey(),
  epoch: integer().notNull(),
  key: text().notNull(),
  previous: integer("prev_rv").notNull(),
  type: text().$type<ChangeType>().notNull(),
  time: integer().notNull(),
  schema: integer().notNull(),
  index: text("idx"),
  keyId: text("key_id"),
  data: text(),
});

export const allocations = sqliteTable(
  "allocations",
  { kind: text().notNull(), value: text().notNull(), owner: text().notNull() },
  (table) => [primaryKey({ columns: [table.kind, table.value] })],
);
