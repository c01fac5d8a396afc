/** Readable lines: time, level, message, fields. Never given what is secret: callers name what they log. */
import pino from "pino";
import type { Log } from "./pods/dependencies.ts";

/** One line for each record, written at once: a log must tell what happened before a crash. */
export function createLog(level: string): Log {
  return pino({ level, base: null, formatters: { level: (label) => ({ level: label }) } }, { write: (record: string) => process.stderr.write(readable(record)) });
}

function readable(record: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(record) as Record<string, unknown>; // written by pino
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`);
  const stack = typeof err === "object" && err !== null && "stack" in err ? `\n  ${String(err.stack)}` : "";
  return `${new Date(Number(time)).toISOString()} ${String(level)} ${String(msg)}${rest.join("")}${stack}\n`;
}
