/** What wrangler.toml says of the Worker, as far as running it here needs it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { repository } from "./paths.ts";

export interface WorkerOptions {
  compatibilityDate: string;
  compatibilityFlags: string[];
  durableObjects: { binding: string; className: string }[];
  d1Binding: string;
  migrationsDir: string;
  cron: string;
  variables: Record<string, string>;
}

/** The part of wrangler.toml's shape that is used; wrangler itself checks the file when it deploys. */
interface WranglerFile {
  compatibility_date: string;
  compatibility_flags: string[];
  vars: Record<string, string>;
  triggers: { crons: string[] };
  d1_databases: { binding: string; migrations_dir: string }[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
}

export function workerOptions(): WorkerOptions {
  // The file is ours, and a test reads it too: its shape is known.
  const file = parse(readFileSync(join(repository, "wrangler.toml"), "utf8")) as unknown as WranglerFile;
  const [database] = file.d1_databases;
  const [cron] = file.triggers.crons;
  if (database === undefined || cron === undefined) throw new Error("wrangler.toml names no D1 database or no cron");
  return {
    compatibilityDate: file.compatibility_date,
    compatibilityFlags: file.compatibility_flags,
    durableObjects: file.durable_objects.bindings.map((one) => ({ binding: one.name, className: one.class_name })),
    d1Binding: database.binding,
    migrationsDir: join(repository, database.migrations_dir),
    cron,
    variables: file.vars,
  };
}
