/** Time and chance as the store uses them; tests bring their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs once after a time; the answer cancels. */
  after(ms: number, run: () => void): () => void;
  /** In [0, 1). */
  random(): number;
}

export class TimeoutError extends Error {
  override name = "TimeoutError";
}

export async function withTimeout<T>(clock: Clock, ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => late.reject(new TimeoutError(`${what} took longer than ${ms} ms`)));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** Exponential, with full jitter in its upper half. */
export function backOffMs(clock: Clock, attempt: number, bounds: { firstMs: number; longestMs: number }): number {
  const full = Math.min(bounds.longestMs, bounds.firstMs * 2 ** attempt);
  return full / 2 + (clock.random() * full) / 2;
}
