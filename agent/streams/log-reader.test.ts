import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLog, type LogOptions } from "./log-reader.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-logs-"));
  path = join(folder, "0.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const time = (second: number): string => `2026-01-01T00:00:0${second}.000000000Z`;
const line = (second: number, text: string, tag = "F"): string => `${time(second)} stdout ${tag} ${text}\n`;
const abc = line(1, "a") + line(2, "b") + line(3, "c");

function reading(options: Partial<LogOptions> = {}) {
  const ending = new AbortController();
  let text = "";
  const done = readLog({
    ...{ path, follow: false, timestamps: false, signal: ending.signal, hasEnded: () => Promise.resolve(false) },
    send: async (chunk) => void (text += chunk.toString("utf8")),
    ...options,
  });
  return { done, ending, text: () => text };
}
async function read(content: string, options: Partial<LogOptions> = {}): Promise<string> {
  writeFileSync(path, content);
  const { done, text } = reading(options);
  await done;
  return text();
}

describe("readLog", () => {
  const rows: [string, string, Partial<LogOptions>, string][] = [
    ["gives the text of each line", abc, {}, "a\nb\nc\n"],
    ["puts the time before each line", line(1, "a"), { timestamps: true }, `${time(1)} a\n`],
    ["joins the parts of a long line", line(1, "long ", "P") + line(1, "line"), {}, "long line\n"],
    ["gives the last lines", abc, { tailLines: 2 }, "b\nc\n"],
    ["gives all lines if there are fewer", abc, { tailLines: 9 }, "a\nb\nc\n"],
    ["gives nothing of no lines", abc, { tailLines: 0 }, ""],
    ["leaves out what is older", abc, { sinceMs: Date.parse(time(2)) }, "b\nc\n"],
    ["stops at the limit", abc, { limitBytes: 3 }, "a\nb"],
    ["keeps an empty line", line(1, ""), {}, "\n"],
    ["leaves out a line that is not finished", `${line(1, "a")}${time(2)} stdout F b`, {}, "a\n"],
  ];
  it.each(rows)("%s", async (_sentence, content, options, expected) => expect(await read(content, options)).toBe(expected));

  it("finds the last lines of a file larger than what it reads at once", async () => {
    const many = Array.from({ length: 5000 }, (_, index) => line(1, `line ${index}`)).join("");
    expect(await read(many, { tailLines: 3 })).toBe("line 4997\nline 4998\nline 4999\n");
  });
  it("gives nothing when there is no file", async () => {
    const { done, text } = reading();
    await done;
    expect(text()).toBe("");
  });
  it("follows what is written, across a rotation, until the container ends", async () => {
    writeFileSync(path, line(1, "a"));
    let hasEnded = false;
    const { done, text } = reading({ follow: true, hasEnded: () => Promise.resolve(hasEnded) });
    await expect.poll(text).toBe("a\n");
    appendFileSync(path, line(2, "b"));
    await expect.poll(text).toBe("a\nb\n");
    renameSync(path, `${path}.1`);
    writeFileSync(path, line(3, "c"));
    await expect.poll(text, { timeout: 3000 }).toBe("a\nb\nc\n");
    hasEnded = true;
    appendFileSync(path, line(4, "d"));
    await done;
    expect(text()).toBe("a\nb\nc\nd\n");
  });
  it("stops following when the client is gone", async () => {
    writeFileSync(path, abc);
    const { done, ending } = reading({ follow: true });
    ending.abort();
    await done;
  });
});
