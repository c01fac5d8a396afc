/** One store over an empty database, for tests that let nothing fail. */
import type { DatabaseSync } from "node:sqlite";
import { plainCodec } from "../../worker/storage/codec.ts";
import { StoreCore } from "../../worker/storage/core.ts";
import { D1Persistence } from "../../worker/storage/d1.ts";
import type { CorePorts } from "../../worker/storage/ports.ts";
import { d1Of, openSqlite } from "./sqlite-d1.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface SingleStore {
  core: StoreCore;
  clock: VirtualClock;
  database: DatabaseSync;
  persistence: D1Persistence;
  /** Another instance over the same database. */
  another(ports?: Partial<CorePorts>): StoreCore;
  /** Waits while time passes. */
  wait<T>(work: Promise<T>): Promise<T>;
}

export function openStore(ports: Partial<CorePorts> = {}): SingleStore {
  const clock = new VirtualClock();
  const database = openSqlite();
  // Encryption runs on threads, beyond virtual time; it has tests of its own.
  const persistence = new D1Persistence(d1Of(database), plainCodec);
  const policy = { wakesOf: () => [], scopesOf: () => [] };
  const another = (more: Partial<CorePorts> = {}) =>
    new StoreCore({ persistence, clock, policy, wake: () => Promise.resolve(), ...ports, ...more });
  return { core: another(), clock, database, persistence, another, wait: (work) => clock.resolve(work) };
}
