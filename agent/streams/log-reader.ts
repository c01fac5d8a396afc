/** Reads the log files that a CRI runtime writes: `<time> <stream> <F|P> <text>`, one line each. */
import { watch } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

export interface LogOptions {
  path: string;
  follow: boolean;
  timestamps: boolean;
  tailLines?: number | undefined;
  limitBytes?: number | undefined;
  /** Lines before this are left out. */
  sinceMs?: number | undefined;
  signal: AbortSignal;
  /** The container has ended: what follows it stops at the end of the file. */
  hasEnded(): Promise<boolean>;
  send(text: Buffer): Promise<void>;
}

const chunkBytes = 64 * 1024;
/** A watch tells of most changes at once; this is for those that it misses. */
const lookAgainMs = 1000;

export async function readLog(options: LogOptions): Promise<void> {
  const file = await open(options.path).catch(() => undefined);
  const state: Reading = { options, rest: Buffer.alloc(0), sentBytes: 0, isFull: false };
  if (file === undefined && !options.follow) return;
  try {
    const start = file === undefined ? 0 : await tailStart(file, options.tailLines);
    await readFrom({ file, offset: start, state });
  } finally {
    await file?.close().catch(() => undefined);
  }
}

interface Reading {
  options: LogOptions;
  /** A line of which not all was there yet. */
  rest: Buffer;
  sentBytes: number;
  /** The limit is reached. */
  isFull: boolean;
}

async function readFrom({ file, offset, state }: { file: FileHandle | undefined; offset: number; state: Reading }): Promise<void> {
  const { options } = state;
  let [current, at] = [file, offset];
  let isLast = false;
  while (!options.signal.aborted && !state.isFull) {
    const read = current === undefined ? 0 : await readChunk(current, at, state);
    at += read;
    if (read > 0) continue;
    if (!options.follow || isLast) break;
    const next = await rotated(options.path, current);
    if (next !== undefined) {
      if (current !== file) await current?.close();
      [current, at] = [next, 0];
      continue;
    }
    // Once more after the end: what was written last may not have been read.
    isLast = await options.hasEnded();
    if (!isLast) await change(options.path, options.signal);
  }
  if (current !== file) await current?.close();
}

async function readChunk(file: FileHandle, at: number, state: Reading): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at);
  if (bytesRead > 0) await sendLines(Buffer.concat([state.rest, buffer.subarray(0, bytesRead)]), state);
  return bytesRead;
}

async function sendLines(bytes: Buffer, state: Reading): Promise<void> {
  const texts: Buffer[] = [];
  let begin = 0;
  for (let end = bytes.indexOf(10, begin); end >= 0; end = bytes.indexOf(10, begin)) {
    const text = lineText(bytes.subarray(begin, end), state.options);
    if (text !== undefined) texts.push(text);
    begin = end + 1;
  }
  state.rest = Buffer.from(bytes.subarray(begin));
  await sendLimited(Buffer.concat(texts), state);
}

async function sendLimited(text: Buffer, state: Reading): Promise<void> {
  const { limitBytes = Infinity, send } = state.options;
  const allowed = text.subarray(0, Math.min(text.length, limitBytes - state.sentBytes));
  state.sentBytes += allowed.length;
  state.isFull = state.sentBytes >= limitBytes;
  if (allowed.length > 0) await send(allowed);
}

/** The text of one line of the file as a client sees it; undefined: it is left out. */
export function lineText(line: Buffer, { timestamps, sinceMs }: Pick<LogOptions, "timestamps" | "sinceMs">): Buffer | undefined {
  const timeEnd = line.indexOf(32);
  const streamEnd = line.indexOf(32, timeEnd + 1);
  const tagEnd = line.indexOf(32, streamEnd + 1);
  if (timeEnd < 0 || streamEnd < 0) return undefined;
  const time = line.toString("latin1", 0, timeEnd);
  if (sinceMs !== undefined && Date.parse(time) < sinceMs) return undefined;
  const tag = line.toString("latin1", streamEnd + 1, tagEnd < 0 ? undefined : tagEnd);
  const text = tagEnd < 0 ? Buffer.alloc(0) : line.subarray(tagEnd + 1);
  // A partial line goes on in the next one.
  const isWhole = !tag.split(":").includes("P");
  return Buffer.concat([timestamps ? Buffer.from(`${time} `) : Buffer.alloc(0), text, isWhole ? Buffer.from("\n") : Buffer.alloc(0)]);
}

/** Where the last `lines` lines begin. */
async function tailStart(file: FileHandle, lines: number | undefined): Promise<number> {
  const { size } = await file.stat();
  if (lines === undefined) return 0;
  let left = lines;
  for (let end = size; end > 0; ) {
    const begin = Math.max(0, end - chunkBytes);
    const { buffer } = await file.read(Buffer.alloc(end - begin), 0, end - begin, begin);
    for (let at = buffer.length - 1; at >= 0; at -= 1) {
      // The newline at the very end ends the last line; it begins none.
      if (buffer[at] !== 10 || begin + at === size - 1) continue;
      left -= 1;
      if (left <= 0) return lines === 0 ? size : begin + at + 1;
    }
    end = begin;
  }
  return lines === 0 ? size : 0;
}

/** The file that stands at the path now, if it is another one than what is being read. */
async function rotated(path: string, current: FileHandle | undefined): Promise<FileHandle | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.ino === (await current?.stat())?.ino) return undefined;
  return await open(path).catch(() => undefined);
}

/** Waits until the folder of the log changes, or a while. */
async function change(path: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lookAgainMs);
  signal.addEventListener("abort", () => resolve(), { once: true });
  let watcher;
  try {
    watcher = watch(dirname(path), () => resolve());
    watcher.on("error", () => undefined);
  } catch {
    // The folder is not there yet: the timer looks again.
  }
  await promise;
  clearTimeout(timer);
  watcher?.close();
}
