/**
 * The probes of one running container. The startup probe runs alone until it succeeds; then liveness and readiness
 * run side by side, each at its own period. What they say goes into `results`; a change calls `onChange`.
 */
import type { Container, Probe } from "../../../protocol/kubernetes/generated/types.ts";
import type { Clock } from "../../clock.ts";
import type { ProbeResults } from "../observed.ts";
import type { ProbeOutcome } from "./check.ts";

export type ProbeKind = "liveness" | "readiness" | "startup";

export interface ContainerProbesOptions {
  container: Container;
  startedAtMs: number;
  clock: Clock;
  /** Readiness as last reported: an agent that restarts must not take a ready pod out of its Services. */
  wasReady: boolean;
  check(probe: Probe): Promise<ProbeOutcome>;
  onChange(): void;
  onFailure(kind: ProbeKind, output: string): void;
}

export class ContainerProbes {
  readonly results: ProbeResults;
  readonly #options: ContainerProbesOptions;
  readonly #cancel = new Map<ProbeKind, () => void>();
  #isStopped = false;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
    const { startupProbe, readinessProbe } = options.container;
    this.results = {
      isStarted: startupProbe === undefined,
      isReady: startupProbe === undefined && (readinessProbe === undefined || options.wasReady),
      isAlive: true,
    };
    if (startupProbe === undefined) this.#beginRunning();
    else this.#begin("startup", startupProbe);
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancel.values()) cancel();
  }

  #beginRunning(): void {
    const { livenessProbe, readinessProbe } = this.#options.container;
    if (livenessProbe !== undefined) this.#begin("liveness", livenessProbe);
    if (readinessProbe !== undefined) this.#begin("readiness", readinessProbe);
  }

  #begin(kind: ProbeKind, probe: Probe): void {
    const { clock, startedAtMs } = this.#options;
    const firstMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    this.#schedule({ kind, probe, successes: 0, failures: 0 }, Math.max(0, firstMs - clock.now()));
  }

  #schedule(run: Run, delayMs: number): void {
    this.#cancel.set(run.kind, this.#options.clock.after(delayMs, () => void this.#once(run)));
  }

  async #once({ kind, probe, successes, failures }: Run): Promise<void> {
    const outcome = await this.#options.check(probe);
    if (this.#isStopped) return;
    const next: Run = outcome.isSuccess ? { kind, probe, successes: successes + 1, failures: 0 } : { kind, probe, successes: 0, failures: failures + 1 };
    if (!outcome.isSuccess) this.#options.onFailure(kind, outcome.output);
    const isOver = this.#judge(next);
    if (!isOver) this.#schedule(next, (probe.periodSeconds ?? 10) * 1000);
  }

  /** Gives whether this probe has no more to say. */
  #judge({ kind, probe, successes, failures }: Run): boolean {
    const isGood = successes >= (probe.successThreshold ?? 1);
    const isBad = failures >= (probe.failureThreshold ?? 3);
    if (kind === "readiness") {
      if (isGood || isBad) this.#change({ isReady: isGood });
      return false;
    }
    if (isBad) {
      this.#change({ isAlive: false, isReady: false, failed: kind });
      this.stop();
      return true;
    }
    if (kind === "liveness" || !isGood) return false;
    this.#change({ isStarted: true, isReady: this.#options.container.readinessProbe === undefined });
    this.#beginRunning();
    return true;
  }

  #change(change: Partial<ProbeResults>): void {
    const before = JSON.stringify(this.results);
    Object.assign(this.results, change);
    if (JSON.stringify(this.results) !== before) this.#options.onChange();
  }
}

interface Run {
  kind: ProbeKind;
  probe: Probe;
  successes: number;
  failures: number;
}
