/** Numbers from samples. */
export function percentile(samples: number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
}

/** Two decimals are more than a measurement is worth. */
export const rounded = (value: number) => Math.round(value * 100) / 100;

/** Runs `task` `count` times by `clients` side by side; gives the time of each in milliseconds, and of all. */
export async function sideBySide(options: { count: number; clients: number }, task: (index: number) => Promise<unknown>) {
  const times: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  async function client(): Promise<void> {
    for (let index = next++; index < options.count; index = next++) {
      const at = performance.now();
      await task(index);
      times.push(performance.now() - at);
    }
  }
  await Promise.all(Array.from({ length: options.clients }, client));
  const allMs = performance.now() - startedAt;
  return { times, allMs, perSecond: rounded((options.count / allMs) * 1000) };
}
