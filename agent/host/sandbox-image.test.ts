import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { imageArchitecture } from "./image-archive.ts";
import { pauseProgram, sandboxImageFor } from "./sandbox-image.ts";
import { until } from "./wait.ts";

const folder = mkdtempSync(join(tmpdir(), "kedge-pause-"));
const path = join(folder, "pause");
writeFileSync(path, pauseProgram(imageArchitecture()), { mode: 0o755 });
afterAll(() => rmSync(folder, { recursive: true }));

describe("the sandbox program on this machine", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("sleeps until %s, and ends well", async (name) => {
    const child = spawn(path);
    await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8").includes("(pause) S"), { timeoutMs: 5_000 });
    process.kill(child.pid ?? 0, "SIGUSR1");
    process.kill(child.pid ?? 0, name);
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("needs next to no memory", async () => {
    const child = spawn(path);
    await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8").includes("(pause) S"), { timeoutMs: 5_000 });
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]);
    expect(kilobytes).toBeLessThan(200);
    child.kill();
    await once(child, "exit");
  });

  const canUnshare = process.getuid?.() === 0 && spawnSync("unshare", ["--pid", "--fork", "true"]).status === 0;
  it.skipIf(!canUnshare)("as PID 1 reaps orphans and ends at SIGTERM (needs root)", async () => {
    // The shell leaves an orphan behind and becomes the program; the orphan ends while the program sleeps.
    const child = spawn("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", `(sleep 0.2 &) ; exec ${path}`]);
    const pause = (): number => Number(childrenOf(child.pid ?? 0)[0]);
    await until(() => childrenOf(child.pid ?? 0).length > 0 && childrenOf(pause()).length > 0, { timeoutMs: 5_000 });
    expect(await until(() => childrenOf(pause()).length === 0, { timeoutMs: 5_000 })).toBe(true);
    process.kill(pause(), "SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

/** Zombies are children too: that is what reaping takes away. */
function childrenOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  } catch {
    return [];
  }
}

describe("the sandbox program", () => {
  it.each([
    ["amd64", 62],
    ["arm64", 183],
  ])("for %s is a small executable of that machine", (architecture, machine) => {
    const program = pauseProgram(architecture);
    expect(program.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    expect(program.readUInt16LE(18)).toBe(machine);
    expect(program.length).toBeLessThan(512);
    // The entry point is inside the file, and the file is what is loaded.
    expect(Number(program.readBigUInt64LE(24)) - 0x400000).toBeLessThan(program.length);
    expect(Number(program.readBigUInt64LE(64 + 32))).toBe(program.length);
  });
  it("is not there for other machines, and says so", () => expect(() => sandboxImageFor("s390x")).toThrow(/s390x/));
});
