/** No request but a watch or a stream takes longer than a minute, or than its client has patience (`timeout=10s`). */
import { withDeadline as within } from "../objects/deadline.ts";

const longestMs = 60_000;
const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Go's durations as kubectl sends them; anything else: the longest. */
export function deadlineMs(timeout: string | null): number {
  if (timeout === null) return longestMs;
  const parts = [...timeout.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0), 0);
  return ms > 0 ? Math.min(ms, longestMs) : longestMs;
}

/** The work's result; after the deadline a 504, and whatever the work was goes on unheard. */
export function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  return within(work, ms, "request did not complete within the allotted timeout");
}
