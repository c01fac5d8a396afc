/**
 * Who made which cluster: a run records its state directories before it uses them, so that the next run removes what a
 * killed one left.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isAlive, type ProcessRecord, recordOf } from "../../../agent/host/process-record.ts";

export const repository = join(import.meta.dirname, "../../..");
const bootstrap = join(repository, "worker/local/bootstrap.mjs");
const folder = join(tmpdir(), "kedge-e2e");
const downTimeoutMs = 150_000;

/** A fresh state directory, recorded as this process's. */
export function ownStateDir(): string {
  mkdirSync(folder, { recursive: true });
  const stateDir = mkdtempSync(join(folder, "c-"));
  const owner = recordOf(process.pid);
  writeFileSync(`${stateDir}.owner.json`, JSON.stringify(owner));
  return stateDir;
}

/** Removes a cluster as a user would: `npm run down`. */
export async function removeCluster(stateDir: string): Promise<string> {
  // A directory that a start never got to is not a cluster's.
  const isCluster = existsSync(join(stateDir, "settings.json"));
  const output = isCluster ? await down(stateDir) : "";
  rmSync(stateDir, { recursive: true, force: true });
  rmSync(`${stateDir}.owner.json`, { force: true });
  return output;
}

async function down(stateDir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [bootstrap, "down", "--state-dir", stateDir], { timeout: downTimeoutMs });
  return stdout;
}

/** Removes the clusters of runs that are no more. */
export async function sweepLeftovers(): Promise<void> {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".owner.json"))) {
    const owner: ProcessRecord = JSON.parse(readFileSync(join(folder, file), "utf8"));
    if (isAlive(owner)) continue;
    const stateDir = join(folder, file.replace(/\.owner\.json$/, ""));
    console.log(`removing what a killed run left: ${stateDir}`);
    await removeCluster(stateDir);
  }
}
