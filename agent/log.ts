/** Readable lines on standard error: time, level, message, fields. Never given what is secret: callers name what they log. */
import type { Log } from "./pods/dependencies.ts";

const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

/** Each line is written at once: a log must tell what happened before a crash. Lines below `least` are left out. */
export function createLog(least: Level, write: (line: string) => void = (line) => void process.stderr.write(line)): Log {
  const logAt = (level: Level) => (fields: object, message: string): void => {
    if (levels.indexOf(level) >= levels.indexOf(least)) write(lineOf({ level, fields, message, time: new Date() }));
  };
  return { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") };
}

export function isLevel(text: string): text is Level {
  return levels.some((level) => level === text);
}

/** An error goes by `err` with its stack, by `error` with its message alone. */
function lineOf({ level, fields, message, time }: { level: Level; fields: object; message: string; time: Date }): string {
  const { err, ...rest } = fields as Record<string, unknown>;
  const words = Object.entries(rest).map(([name, value]) => ` ${name}=${typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`);
  const stack = err === undefined ? "" : `\n  ${err instanceof Error ? (err.stack ?? err.message) : String(err)}`;
  return `${time.toISOString()} ${level} ${message}${words.join("")}${stack}\n`;
}
