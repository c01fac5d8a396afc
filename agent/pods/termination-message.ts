/** What a container left as its last words: its message file, or the end of its log if it failed and asked for that. */
import { open } from "node:fs/promises";
import type { Container } from "../../protocol/kubernetes/generated/types.ts";
import type { ContainerStatus } from "../runtime/runtime.ts";

const longestMessage = 4096;
const fallback = { bytes: 2048, lines: 80 };

export async function terminationMessage(container: Container | undefined, { ended, file }: { ended: ContainerStatus; file: string }): Promise<string> {
  const written = await tail(file, longestMessage);
  const isFallback = written === "" && ended.exitCode !== 0 && container?.terminationMessagePolicy === "FallbackToLogsOnError";
  return isFallback ? await logTail(ended.logPath) : written;
}

async function logTail(path: string): Promise<string> {
  // Each line of a log file begins with time, stream and a tag.
  const lines = (await tail(path, fallback.bytes * 2)).split("\n").map((line) => line.replace(/^\S+ (?:stdout|stderr) [FP] /, ""));
  return lines.slice(-fallback.lines - 1).join("\n").slice(-fallback.bytes);
}

/** The last bytes of a file; empty if there is none. */
async function tail(path: string, bytes: number): Promise<string> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return "";
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, bytes)), 0, Math.min(size, bytes), Math.max(0, size - bytes));
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await handle.close();
  }
}
