/** Processes that are found again after a crash: by pid and start time, because pids are used again. */
import { readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { writePrivately } from "./secrets.ts";

interface ProcessRecord {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks since boot. */
  startTime: string;
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function recordProcess(file: string, pid: number): void {
  const startTime = startTimeOf(pid);
  if (startTime !== undefined) writePrivately(file, JSON.stringify({ pid, startTime } satisfies ProcessRecord));
}

/** The pid that a file records, if that very process still runs. */
export function recordedPid(file: string): number | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof record !== "object" || record === null || !("pid" in record) || !("startTime" in record)) return undefined;
    const { pid, startTime } = record;
    return typeof pid === "number" && startTimeOf(pid) === startTime ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends the recorded process, if it runs: asks, waits, then kills. */
export async function endRecorded(file: string, options: { graceMs: number }): Promise<void> {
  const deadline = Date.now() + options.graceMs;
  for (let pid = recordedPid(file); pid !== undefined; pid = recordedPid(file)) {
    process.kill(pid, Date.now() < deadline ? "SIGTERM" : "SIGKILL");
    await sleep(100);
  }
  rmSync(file, { force: true });
}
