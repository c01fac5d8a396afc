/**
 * The agent of this host as a child: it joins through the API with a token, exactly as a remote host's agent does, and
 * is started again when it dies. containerd and the pods are not its children: they stay when it goes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Report, reportLines } from "./log.ts";

export interface AgentProcessOptions {
  bundle: string;
  server: string;
  caFile: string;
  stateDir: string;
  nodeName: string;
  report: Report;
  /** A fresh join token for this node. */
  joinToken(): Promise<string>;
}

/**
 * The agent is to stay below 80 MB with twenty pods. It computes little, so it does without the optimising compilers:
 * measured with 20 pods, 75 MB instead of 100, and pods start as fast.
 */
export const nodeFlagsOfAgent = ["--lite-mode", "--single-threaded", "--max-old-space-size=64", "--max-semi-space-size=1", "--disable-warning=ExperimentalWarning"];
const stopGraceMs = 10_000;
const healthyAfterMs = 60_000;
const maxBackoffMs = 30_000;

export class AgentProcess {
  readonly #options: AgentProcessOptions;
  #process: ChildProcess | undefined;
  #isStopping = false;
  #failures = 0;

  constructor(options: AgentProcessOptions) {
    this.#options = options;
  }

  /** Resolves once the process runs; tries again for as long as it cannot be started. */
  async start(): Promise<void> {
    while (!this.#isStopping) {
      try {
        return await this.#spawn();
      } catch (error) {
        this.#options.report(`could not start the agent: ${String(error)}`);
        await sleep(this.#backoffMs());
      }
    }
  }

  async #spawn(): Promise<void> {
    const { bundle, server, caFile, stateDir, nodeName, report } = this.#options;
    const joinToken = await this.#joinToken();
    if (this.#isStopping) return;
    const args = ["--server", server, "--ca-file", caFile, "--state-dir", stateDir, "--node-name", nodeName, "--join-token-file", "-"];
    const command = ["--pdeathsig", "TERM", "--", process.execPath, ...nodeFlagsOfAgent, bundle, ...args];
    const child = spawn("setpriv", command, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.#process = child;
    // The token goes through standard input: an argument or the environment could be read by others.
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${joinToken}\n`);
    reportLines(child.stdout, report);
    reportLines(child.stderr, report);
    const startedAtMs = Date.now();
    child.once("error", (error) => report(`could not start: ${error.message}`));
    child.once("exit", (code, signal) => void this.#onExit(signal ?? `code ${code}`, Date.now() - startedAtMs));
  }

  /** An agent that has joined is not to wait for the control plane: it starts without a token, as after a boot. */
  async #joinToken(): Promise<string> {
    const { joinToken, stateDir } = this.#options;
    if (!existsSync(join(stateDir, "agent/identity.json"))) return await joinToken();
    return await joinToken().catch(() => "");
  }

  /** Ends the agent cleanly; pods go on. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
    await exited;
    clearTimeout(timer);
  }

  async #onExit(how: string, livedMs: number): Promise<void> {
    if (this.#isStopping) return;
    if (livedMs > healthyAfterMs) this.#failures = 0;
    const delayMs = this.#backoffMs();
    this.#options.report(`the agent ended (${how}); starting it again in ${(delayMs / 1000).toFixed(1)} s`);
    await sleep(delayMs);
    await this.start();
  }

  #backoffMs(): number {
    this.#failures += 1;
    return Math.min(maxBackoffMs, 500 * 2 ** this.#failures) * (0.5 + Math.random() / 2);
  }
}
