/**
 * workerd as a child: started, watched, restarted with back-off when it dies.
 *
 *     stopped ──start──► starting ──both sockets listen──► running ──exit──► (back-off) ──► starting
 *        ▲                                                    │
 *        └──────────────────────stop──────────────────────────┘
 *
 * It must never outlive this process, or it would keep the database from the next start: `setpriv --pdeathsig` lets
 * the kernel kill it with us, and the record on disk lets the next start end one that was left all the same.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Report, reportLines } from "./log.ts";
import type { StatePaths } from "./paths.ts";
import { endRecorded, recordProcess } from "./process-record.ts";
import { apiSocket, maintenanceSocket } from "./workerd-config.ts";

/** Not imported: an import also reads the module's getters, one of which loads a whole WebSocket, resident with 5 MB. */
const { request } = process.getBuiltinModule("node:http");

export interface WorkerdOptions {
  paths: StatePaths;
  binary: string;
  /** Where the API listens: `127.0.0.1:6443` or `unix:/path`. */
  apiAddress: string;
  report: Report;
  /** Values of the secret bindings; asked for at every start, so that a rotated token counts from then on. */
  secrets(): Record<string, string>;
}

const startTimeoutMs = 20_000;
const stopGraceMs = 3_000;
const healthyAfterMs = 60_000;
const maxBackoffMs = 10_000;

/** The binary itself: the package's own `bin` is a script around it that would stay as a second process. */
export function workerdBinary(repository: string): string {
  const packageOf = createRequire(join(repository, "package.json"));
  const name = `@cloudflare/workerd-linux-${process.arch === "arm64" ? "arm64" : "64"}/bin/workerd`;
  return packageOf.resolve(name);
}

/** The socket in the state directory: what only the supervisor may ask (./platform.worker.mjs), and the API. */
export function maintenancePath(paths: StatePaths): string {
  return join(paths.sockets, "maintenance.sock");
}

export class Workerd {
  readonly #options: WorkerdOptions;
  #process: ChildProcess | undefined;
  #isStopping = false;
  #failures = 0;

  constructor(options: WorkerdOptions) {
    this.#options = options;
  }

  /** Resolves when both sockets listen; from then on it is kept running. */
  async start(): Promise<void> {
    const { paths } = this.#options;
    this.#isStopping = false;
    await endRecorded(paths.workerdRecord, { graceMs: 0 });
    rmSync(maintenancePath(paths), { force: true });
    const child = this.#spawn();
    this.#process = child;
    if (child.pid !== undefined) recordProcess(paths.workerdRecord, child.pid);
    const startedAtMs = Date.now();
    child.once("exit", (code, signal) => this.#onExit(child, { code, signal, livedMs: Date.now() - startedAtMs }));
    await listening(child);
  }

  /** A fresh process with fresh secrets; open connections break, clients resume by revision. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
    await exited;
    clearTimeout(timer);
  }

  #spawn(): ChildProcess {
    const { paths, binary, apiAddress, report, secrets } = this.#options;
    const addresses = { [apiSocket]: apiAddress, [maintenanceSocket]: `unix:${maintenancePath(paths)}` };
    const sockets = Object.entries(addresses).map(([name, address]) => `--socket-addr=${name}=${address}`);
    const args = ["serve", "--experimental", "--import-path=/", ...sockets, "--control-fd=3", paths.workerdConfig];
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", binary, ...args], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { PATH: process.env.PATH, TZ: "UTC", ...secrets() },
      // Its own group: Ctrl-C is for the supervisor, which stops things in order.
      detached: true,
    });
    if (child.stdout) reportLines(child.stdout, report);
    if (child.stderr) reportLines(child.stderr, report);
    return child;
  }

  #onExit(child: ChildProcess, end: { code: number | null; signal: string | null; livedMs: number }): void {
    if (this.#isStopping || this.#process !== child) return;
    this.#failures = end.livedMs > healthyAfterMs ? 0 : this.#failures + 1;
    const delayMs = Math.min(maxBackoffMs, this.#failures <= 1 ? 0 : 100 * 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.#options.report(`workerd ended (${end.signal ?? `code ${end.code}`}); starting it again`);
    void this.#startAgain(child, delayMs);
  }

  async #startAgain(dead: ChildProcess, delayMs: number): Promise<void> {
    await sleep(delayMs);
    if (this.#isStopping || this.#process !== dead) return;
    // A start that fails ends in another exit of the child, which brings us here again.
    await this.start().catch((error: unknown) => this.#options.report(String(error)));
  }
}

/** workerd says on its control pipe which sockets listen. */
function listening(child: ChildProcess): Promise<void> {
  const control = child.stdio[3];
  return new Promise((resolve, reject) => {
    const missing = new Set([apiSocket, maintenanceSocket]);
    const timer = setTimeout(() => reject(new Error("workerd did not start in time")), startTimeoutMs);
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`workerd did not start (${signal ?? `code ${code}`})`)));
    if (!control || !("setEncoding" in control)) throw new Error("workerd has no control pipe");
    reportLines(control, (line) => {
      const message: { event?: string; socket?: string } = JSON.parse(line);
      if (message.event === "listen" && message.socket !== undefined) missing.delete(message.socket);
      if (missing.size > 0) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** One request to the worker of ./platform.worker.mjs; rejects unless it is answered with 200. */
export function maintain(paths: StatePaths, path: string, body: unknown, timeoutMs = 60_000): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request({ socketPath: maintenancePath(paths), path, method: "POST", signal, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))));
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify(body));
  });
}
