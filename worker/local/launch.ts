/** What ./start.ts worked out and ./supervisor.ts runs by: `DIR/launch.json`. Holds no secret. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StatePaths } from "./paths.ts";
import { writePrivately } from "./secrets.ts";

export interface Launch {
  /** Address to listen on. */
  host: string;
  port: number;
  /** Origin that clients on this host use. */
  server: string;
  /** Origin that other hosts use. */
  publicServer: string;
  cron: string;
  migrationsDir: string;
  workerdBinary: string;
  /** Bundle of the agent; absent with --no-agent. */
  agent?: string;
  nodeName: string;
  example: boolean;
}

const fileOf = (paths: StatePaths) => join(paths.dir, "launch.json");

export function saveLaunch(paths: StatePaths, launch: Launch): void {
  writePrivately(fileOf(paths), `${JSON.stringify(launch, undefined, 2)}\n`);
}

export function loadLaunch(paths: StatePaths): Launch {
  return JSON.parse(readFileSync(fileOf(paths), "utf8"));
}
