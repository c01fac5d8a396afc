/**
 * The name of an Event, as client-go makes it: the object's, and the time in nanoseconds. kubectl describes the events
 * of one second in the order of their names. `nth` tells those of one millisecond apart.
 */
export function eventName(object: string, nowMs: number, nth: number): string {
  return `${object}.${(BigInt(Math.trunc(nowMs)) * nanosPerMs + BigInt(nth) % nanosPerMs).toString(16)}`;
}

const nanosPerMs = 1_000_000n;
