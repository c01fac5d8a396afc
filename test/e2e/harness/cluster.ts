/** A real cluster, started as a user starts it, and kubectl for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { recordedPid } from "../../../worker/local/process-record.ts";
import { statePaths } from "../../../worker/local/paths.ts";
import { toolPath } from "../../../worker/local/tools.ts";
import { eventually } from "./eventually.ts";
import { ownStateDir, removeCluster, repository } from "./owner.ts";

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  timeoutMs?: number;
  env?: Record<string, string>;
}

const bootstrap = join(repository, "worker/local/bootstrap.mjs");
const startTimeoutMs = 60_000;
const commandTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;

/** Runs a program to its end; a program that does not end in time is killed and fails. */
export function run(file: string, args: string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...process.env, ...options.env }, timeout: options.timeoutMs ?? commandTimeoutMs, killSignal: "SIGKILL" });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

export class Cluster {
  readonly stateDir = ownStateDir();
  readonly #flags: string[];
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(flags: string[]) {
    this.#flags = flags;
  }

  /** Started with `npm start`'s own command on a free port; resolves when the kubeconfig stands. */
  static async start(...flags: string[]): Promise<Cluster> {
    const cluster = new Cluster([...flags, "--port", String(await freePort())]);
    await cluster.startAgain();
    return cluster;
  }

  async startAgain(): Promise<void> {
    const child = spawn(process.execPath, [bootstrap, "start", "--state-dir", this.stateDir, ...this.#flags], { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    const shown = this.#log.length;
    child.stdout.on("data", (chunk: Buffer) => (this.#log += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (this.#log += chunk.toString()));
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${this.log}`);
        if (!this.#log.slice(shown).includes("the API answers at")) throw new Error(`the API does not answer:\n${this.log}`);
      },
      { timeoutMs: startTimeoutMs },
    );
  }

  get log(): string {
    return this.#log;
  }

  get kubeconfig(): string {
    return statePaths(this.stateDir).kubeconfig;
  }

  get server(): string {
    return /server: (\S+)/.exec(readFileSync(this.kubeconfig, "utf8"))?.[1] ?? "";
  }

  get adminToken(): string {
    return /token: (\S+)/.exec(readFileSync(this.kubeconfig, "utf8"))?.[1] ?? "";
  }

  get ca(): string {
    return readFileSync(join(this.stateDir, "secrets/ca.crt"), "utf8");
  }

  get supervisorPid(): number | undefined {
    return recordedPid(statePaths(this.stateDir).supervisorRecord);
  }

  get workerdPid(): number | undefined {
    return recordedPid(statePaths(this.stateDir).workerdRecord);
  }

  /** kubectl as it is, whatever comes out. */
  try(args: string[], options: RunOptions = {}): Promise<Result> {
    return run(toolPath("kubectl"), args, { ...options, env: { KUBECONFIG: this.kubeconfig, ...options.env } });
  }

  /** kubectl's output; fails when kubectl fails. */
  async kubectl(args: string | string[], options: RunOptions = {}): Promise<string> {
    const list = typeof args === "string" ? args.split(" ") : args;
    const { code, stdout, stderr } = await this.try(list, options);
    if (code !== 0) throw new Error(`kubectl ${list.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** kubectl's complaint; fails when kubectl does not. */
  async kubectlFails(args: string | string[], options: RunOptions = {}): Promise<string> {
    const list = typeof args === "string" ? args.split(" ") : args;
    const { code, stdout, stderr } = await this.try(list, options);
    if (code === 0) throw new Error(`kubectl ${list.join(" ")} was to fail:\n${stdout}`);
    return stderr;
  }

  apply(manifest: string, ...flags: string[]): Promise<string> {
    return this.kubectl(["apply", "-f", "-", ...flags], { input: manifest });
  }

  /** Another command of the project with this cluster's state directory. */
  command(name: string, ...args: string[]): Promise<Result> {
    return run(process.execPath, [bootstrap, name, "--state-dir", this.stateDir, ...args]);
  }

  /** Signals the supervisor and waits for its end. */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  }

  /** Stops and removes all of it; gives what `npm run down` said. */
  async remove(): Promise<string> {
    await this.stop();
    return removeCluster(this.stateDir);
  }

  get isRemoved(): boolean {
    return !existsSync(this.stateDir);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
