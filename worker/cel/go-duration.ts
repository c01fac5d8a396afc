/** Go's durations: `1h30m`, `-1.5s`, `0`. */

const nanosecondsPerUnit: Record<string, number> = { ns: 1, us: 1e3, "µs": 1e3, "μs": 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9 };

/** Undefined: no such thing. */
export function nanosecondsOf(text: string): bigint | undefined {
  if (/^[+-]?0$/.test(text)) return 0n;
  if (!/^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0n;
  for (const [, amount = "0", unit = "s"] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    sum += BigInt(Math.round(Number(amount) * (nanosecondsPerUnit[unit] ?? 0)));
  }
  return text.startsWith("-") ? -sum : sum;
}
