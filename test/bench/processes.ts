/** What a cluster of this machine keeps resident, in MB. */
import { readdirSync, readFileSync } from "node:fs";
import type { Figures } from "./measures.ts";
import { recordedPid } from "../../worker/local/process-record.ts";
import { statePaths } from "../../worker/local/paths.ts";
import { rounded } from "./statistics.ts";

export function residentMemory(stateDir: string, when: string): Figures {
  const paths = statePaths(stateDir);
  const supervisor = residentMb(recordedPid(paths.supervisorRecord));
  const workerd = residentMb(recordedPid(paths.workerdRecord));
  const find = (pattern: RegExp) => residentMb(pidOf((command) => pattern.test(command) && command.includes(paths.dir)));
  return {
    [`control plane resident, ${when}, MB`]: rounded(supervisor + workerd),
    [`workerd resident, ${when}, MB`]: workerd,
    [`supervisor resident, ${when}, MB`]: supervisor,
    [`agent resident, ${when}, MB`]: find(/kedge-agent\.mjs/),
    [`containerd resident, ${when}, MB`]: find(/(^|\/)containerd /),
  };
}

function residentMb(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return rounded(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000);
}

function pidOf(matches: (command: string) => boolean): number | undefined {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (matches(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" "))) return Number(pid);
    } catch {
      // It ended meanwhile.
    }
  }
  return undefined;
}
