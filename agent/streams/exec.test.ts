import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containerConfig, sandboxConfig } from "../runtime/contract.ts";
import { CriRuntime } from "../runtime/cri/cri-runtime.ts";
import { busyboxImage, startTestHost, whyNoContainerd, type TestHost } from "../runtime/testing.ts";
import { openExec } from "./exec.ts";

const reason = whyNoContainerd();

/** Against real containerd: its streaming server is what the protocol has to fit. */
describe.skipIf(reason !== undefined)(`exec through containerd${reason === undefined ? "" : ` (skipped: ${reason})`}`, { timeout: 30_000 }, () => {
  let host: TestHost;
  let runtime: CriRuntime;
  let container: string;

  beforeAll(async () => {
    host = await startTestHost({ pointToPoint: true });
    runtime = new CriRuntime(host.socket);
    const sandbox = sandboxConfig({ logDirectory: join(host.stateDir, "logs"), cgroupParent: host.host.names.cgroupParent });
    const id = await runtime.runSandbox(sandbox);
    container = await runtime.createContainer(id, containerConfig(sandbox, busyboxImage, ["sleep", "100000"]), sandbox);
    await runtime.startContainer(container);
  }, 60_000);
  afterAll(async () => {
    runtime.close();
    await host.close();
  }, 60_000);

  async function exec(command: string[], options: { input?: Buffer; tty?: boolean; resize?: string } = {}) {
    const output = new Map<number, Buffer[]>();
    const { input, tty = false } = options;
    const streams = { stdin: input !== undefined, stdout: true, stderr: !tty, tty };
    const connection = await openExec({
      ...streams,
      url: await runtime.exec(container, command, streams),
      send: async (frame) => void output.set(frame[0] ?? -1, [...(output.get(frame[0] ?? -1) ?? []), frame.subarray(1)]),
    });
    if (options.resize !== undefined) await connection.receive(Buffer.concat([Buffer.from([4]), Buffer.from(options.resize)]));
    if (input !== undefined) {
      for (let at = 0; at < input.length; at += 32_768) await connection.receive(Buffer.concat([Buffer.from([0]), input.subarray(at, at + 32_768)]));
      await connection.receive(Buffer.from([255, 0]));
    }
    await connection.done;
    const bytes = (channel: number): Buffer => Buffer.concat(output.get(channel) ?? []);
    return { stdout: bytes(1), stderr: bytes(2).toString(), status: JSON.parse(bytes(3).toString() || "null") };
  }

  it("tells output and errors apart, and success", async () => {
    const { stdout, stderr, status } = await exec(["sh", "-c", "echo out; echo err >&2"]);
    expect([stdout.toString(), stderr]).toEqual(["out\n", "err\n"]);
    expect(status).toMatchObject({ status: "Success" });
  });
  it("tells the exit code", async () => {
    const { status } = await exec(["sh", "-c", "exit 7"]);
    expect(status).toMatchObject({ status: "Failure", reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: "7" }] } });
  });
  it("gives the command its input and the end of it, and brings megabytes back whole", async () => {
    const input = Buffer.alloc(3 * 1024 * 1024, "kedge ");
    const { stdout } = await exec(["cat"], { input });
    expect(stdout.equals(input)).toBe(true);
  });
  it("gives a terminal of the size that was asked for", async () => {
    const { stdout } = await exec(["sh", "-c", "sleep 0.3; stty size"], { tty: true, resize: '{"Width":90,"Height":30}' });
    expect(stdout.toString().trim()).toBe("30 90");
  });
});
