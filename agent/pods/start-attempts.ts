/** What a worker remembers of its attempts to start containers: why one does not run, and when to try again. */
import { Backoff } from "./backoff.ts";
import type { StartResult } from "./container-starter.ts";
import type { PodDependencies } from "./dependencies.ts";
import { containersOf, newest, type ObservedPod, type StoredPod } from "./observed.ts";
import type { Waiting } from "./status/container-status.ts";

const crashBackoff = { firstMs: 10_000, mostMs: 300_000 };

export class StartAttempts {
  /** Why a container waits, by its name. */
  readonly waiting = new Map<string, Waiting>();
  readonly #dependencies: Pick<PodDependencies, "clock" | "events">;
  /** When to try again to start a container that could not be started. */
  readonly #retryAtMs = new Map<string, number>();
  readonly #crashes = new Backoff(crashBackoff);

  constructor(dependencies: Pick<PodDependencies, "clock" | "events">) {
    this.#dependencies = dependencies;
  }

  /** By container name: not to be started before. */
  notBefore(pod: StoredPod, observed: ObservedPod): Map<string, number> {
    return new Map(containersOf(pod).map(({ container: { name } }) => [name, this.#notBefore(observed, name)]));
  }

  /** A start begins; one after an end counts as a crash. */
  begin(observed: ObservedPod, name: string): void {
    if (newest(observed, name)?.state === "exited") this.#crashes.next(name, this.#dependencies.clock.now());
  }

  done(name: string, result: StartResult): void {
    if (result.isStarted) {
      this.waiting.delete(name);
      this.#retryAtMs.delete(name);
    } else {
      this.waiting.set(name, result.waiting);
      this.#retryAtMs.set(name, result.retryAtMs);
    }
  }

  /** Something that a start may have waited for has come. */
  retryNow(): void {
    this.#retryAtMs.clear();
  }

  /** When the next retry is due. */
  nextRetryMs(): number | undefined {
    const nowMs = this.#dependencies.clock.now();
    const due = [...this.#retryAtMs.values()].filter((atMs) => atMs > nowMs);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** The container waits until `untilMs`: says why, in its status and as an event. */
  backOff(pod: StoredPod, { name, untilMs, observed }: { name: string; untilMs: number; observed: ObservedPod }): void {
    if ((this.#retryAtMs.get(name) ?? 0) >= untilMs) this.#backOffPull(pod, name);
    else if (newest(observed, name)?.state === "exited") this.#backOffCrash(pod, name);
  }

  #notBefore(observed: ObservedPod, name: string): number {
    const last = newest(observed, name);
    const crashMs = last?.state === "exited" ? last.finishedAtMs + this.#crashes.delayMs(name, this.#dependencies.clock.now()) : 0;
    return Math.max(crashMs, this.#retryAtMs.get(name) ?? 0);
  }

  #backOffCrash(pod: StoredPod, name: string): void {
    const { clock, events } = this.#dependencies;
    const { name: podName, namespace = "default", uid } = pod.metadata;
    const delay = durationText(this.#crashes.delayMs(name, clock.now()));
    const message = `back-off ${delay} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
    this.waiting.set(name, { reason: "CrashLoopBackOff", message });
    const event = `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`;
    events.forPod(pod, { type: "Warning", reason: "BackOff", message: event, container: name });
  }

  /** Between two pulls the reason is the back-off, with the error of the last pull. */
  #backOffPull(pod: StoredPod, name: string): void {
    const waiting = this.waiting.get(name);
    if (waiting?.reason !== "ErrImagePull") return;
    const { events } = this.#dependencies;
    const image = containersOf(pod).find(({ container }) => container.name === name)?.container.image ?? "";
    const message = `Back-off pulling image "${image}": ErrImagePull: ${waiting.message ?? ""}`;
    this.waiting.set(name, { reason: "ImagePullBackOff", message });
    events.forPod(pod, { type: "Normal", reason: "BackOff", message: `Back-off pulling image "${image}"`, container: name });
    events.forPod(pod, { type: "Warning", reason: "Failed", message: "Error: ImagePullBackOff", container: name });
  }
}

/** As Go writes durations: `10s`, `2m40s`. */
function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
