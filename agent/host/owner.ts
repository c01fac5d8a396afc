/**
 * Who made what on this host. `/run/<name>/owner.json` records the state directory, our containerd, and the process
 * on whose behalf it runs: after a crash the next run finds containerd again, and a sweep finds what nobody owns.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessRecord } from "./process-record.ts";
import { runtimeRoot } from "./names.ts";

export interface OwnerRecord {
  stateDir: string;
  containerd: ProcessRecord;
  /** The agent that used it last; containerd outlives it on purpose. */
  agent: ProcessRecord;
}

const fileName = "owner.json";

export function writeOwner(runtimeDir: string, owner: OwnerRecord): void {
  mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
  const path = join(runtimeDir, fileName);
  writeFileSync(`${path}.new`, JSON.stringify(owner), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readOwner(runtimeDir: string): OwnerRecord | undefined {
  try {
    const owner = JSON.parse(readFileSync(join(runtimeDir, fileName), "utf8")) as OwnerRecord; // our own file
    return owner.containerd && owner.agent ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Every cluster's record on this host. */
export function allOwners(): OwnerRecord[] {
  const names = readdirSync(runtimeRoot).filter((name) => name.startsWith("kedge-"));
  return names.map((name) => readOwner(join(runtimeRoot, name))).filter((owner) => owner !== undefined);
}
