/** Mounts beneath a folder, so that it can be deleted without reaching into what is mounted there. */
import { readFileSync } from "node:fs";
import { run } from "./run.ts";

/** Mount points at or beneath the folder, the deepest first. */
export function mountsBeneath(folder: string, mounts: string = readFileSync("/proc/self/mounts", "utf8")): string[] {
  const points = mounts.split("\n").map((line) => unescape(line.split(" ")[1] ?? ""));
  return points.filter((point) => point === folder || point.startsWith(`${folder}/`)).reverse();
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescape(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Unmounts all of them, lazily: a process that still looks into one must not keep the rest. */
export async function unmountBeneath(folder: string): Promise<void> {
  for (const point of mountsBeneath(folder)) await run(["umount", "-l", point]).catch(ignoreGone(point));
}

function ignoreGone(point: string): (error: unknown) => void {
  return (error) => {
    if (mountsBeneath(point).includes(point)) throw error;
  };
}
