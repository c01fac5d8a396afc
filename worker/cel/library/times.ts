/** Conversions of times and durations that the library lacks. */
import { evaluate, type Environment } from "@marcbachmann/cel-js";

const timestamp = "google.protobuf.Timestamp";
const duration = "google.protobuf.Duration";

/** The library's class, which it does not export. */
export interface Duration {
  seconds: bigint;
  nanos: number;
}

type DurationClass = new (seconds: bigint, nanos: number) => Duration;
// Any value of the class leads to it.
export const Duration = (evaluate('duration("1s")') as Duration).constructor as DurationClass;

export function registerTimes(environment: Environment): void {
  environment
    .registerFunction(`timestamp(${timestamp}): ${timestamp}`, (value: Date) => value)
    .registerFunction(`duration(${duration}): ${duration}`, (value: Duration) => value)
    .registerFunction(`string(${timestamp}): string`, (value: Date) => value.toISOString().replace(/\.000Z$/, "Z"))
    .registerFunction(`string(${duration}): string`, (value: Duration) => String(value))
    .registerFunction(`int(${timestamp}): int`, (value: Date) => BigInt(Math.floor(value.getTime() / 1000)))
    .registerFunction(`int(${duration}): int`, (value: Duration) => value.seconds * 1_000_000_000n + BigInt(value.nanos));
}
