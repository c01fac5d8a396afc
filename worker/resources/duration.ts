/** How kubectl's tables say durations (k8s.io/apimachinery/pkg/util/duration.HumanDuration). */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** `25s`, `5m30s`, `12m`, `3h5m`, `26h`, `3d4h`, `40d`, `2y35d`: about two significant figures. Milliseconds in. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * minute) return `${seconds}s`;
  if (seconds < 10 * minute) return pair(seconds, [minute, "m"], [1, "s"]);
  if (seconds < 3 * hour) return `${Math.trunc(seconds / minute)}m`;
  if (seconds < 8 * hour) return pair(seconds, [hour, "h"], [minute, "m"]);
  if (seconds < 2 * day) return `${Math.trunc(seconds / hour)}h`;
  if (seconds < 8 * day) return pair(seconds, [day, "d"], [hour, "h"]);
  if (seconds < 2 * year) return `${Math.trunc(seconds / day)}d`;
  if (seconds < 8 * year) return pair(seconds, [year, "y"], [day, "d"]);
  return `${Math.trunc(seconds / year)}y`;
}

/** The larger unit, and the smaller one unless it is zero. */
function pair(seconds: number, large: [number, string], small: [number, string]): string {
  const rest = Math.trunc((seconds % large[0]) / small[0]);
  const head = `${Math.trunc(seconds / large[0])}${large[1]}`;
  return rest === 0 ? head : `${head}${rest}${small[1]}`;
}

/** Time since an RFC 3339 timestamp, `<unknown>` without one. */
export function since(timestamp: string | undefined, now: number): string {
  if (timestamp === undefined || timestamp === "") return "<unknown>";
  return humanDuration(now - Date.parse(timestamp));
}
