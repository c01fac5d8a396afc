import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { isAlive, recordOf, signal } from "./process-record.ts";

describe("a process record", () => {
  it("tells a running process from one that ended", async () => {
    const child = spawn("sleep", ["60"]);
    const record = recordOf(child.pid ?? 0);
    if (!record) throw new Error("not recorded");
    expect(isAlive(record)).toBe(true);
    signal(record, "SIGKILL");
    await once(child, "exit");
    expect(isAlive(record)).toBe(false);
  });
  it("never takes, nor signals, another process that has the pid now", async () => {
    const child = spawn("sleep", ["60"]);
    const stale = { pid: child.pid ?? 0, startTime: "1" };
    expect(isAlive(stale)).toBe(false);
    signal(stale, "SIGKILL");
    expect(child.exitCode ?? child.signalCode).toBeNull();
    child.kill();
    const [, name] = (await once(child, "exit")) as [number | null, string];
    expect(name).toBe("SIGTERM");
  });
  it("reads a process whose name holds spaces and parentheses", async () => {
    const child = spawn("sh", ["-c", 'printf "odd) 7 (name" > /proc/self/comm; read line'], { stdio: ["pipe", "ignore", "ignore"] });
    expect(recordOf(child.pid ?? 0)?.startTime).toMatch(/^\d+$/);
    child.stdin.end("\n");
    await once(child, "exit");
  });
  it("is none for a pid that nobody has", () => expect(recordOf(2 ** 22 + 1)).toBeUndefined());
});
