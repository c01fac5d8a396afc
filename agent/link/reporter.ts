/**
 * Tells the control plane what the agent saw: only what changed, gathered for a moment, one report at a time. What
 * was not accepted is told again, unless something newer has taken its place.
 */
import type { StatusReport, StatusResult } from "../../protocol/agent.ts";
import type { Event, NodeStatus, PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import type { Clock } from "../clock.ts";
import type { Log, PodReport } from "../pods/dependencies.ts";
import type { StoredPod } from "../pods/observed.ts";

export interface ReporterOptions {
  clock: Clock;
  session: number;
  send(report: StatusReport): Promise<StatusResult>;
  /** A report was refused for good (the node or its agent is unknown). */
  log: Log;
}

/** Gathering time: short for what somebody waits for, long for what is soon outdated. */
const gatherMs = { prompt: 15, lazy: 250 };
const backoffMs = { first: 250, most: 10_000 };
const mostEvents = 200;

type PodEntry = StatusReport["pods"][number];
type GoneEntry = StatusReport["terminated"][number];

export class Reporter implements PodReport {
  readonly #options: ReporterOptions;
  #pods = new Map<string, PodEntry>();
  #gone = new Map<string, GoneEntry>();
  #events = new Map<string, Event>();
  #node: NodeStatus | undefined;
  #isSending = false;
  #isStopped = false;
  #dueMs = Infinity;
  #cancel: (() => void) | undefined;
  #failures = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  status(pod: StoredPod, status: PodStatus): void {
    this.#pods.set(pod.metadata.uid, { ...identity(pod), status });
    this.#plan(isNews(status) ? gatherMs.prompt : gatherMs.lazy);
  }

  terminated(pod: StoredPod): void {
    this.#gone.set(pod.metadata.uid, identity(pod));
    this.#plan(gatherMs.prompt);
  }

  event(event: Event): void {
    this.#events.set(`${event.metadata.namespace ?? ""}/${event.metadata.name ?? ""}`, event);
    // Without a link they pile up: the oldest are the least worth.
    const [oldest] = this.#events.keys();
    if (this.#events.size > mostEvents && oldest !== undefined) this.#events.delete(oldest);
    this.#plan(gatherMs.lazy);
  }

  node(status: NodeStatus): void {
    this.#node = status;
    this.#plan(gatherMs.prompt);
  }

  /** Sends what is left, for at most `timeoutMs`, then nothing more. */
  async stop(timeoutMs: number): Promise<void> {
    if (!this.#isEmpty) {
      this.#idle = Promise.withResolvers();
      this.#plan(0);
      this.#options.clock.after(timeoutMs, () => this.#idle?.resolve());
      await this.#idle.promise;
    }
    this.#isStopped = true;
    this.#cancel?.();
  }

  get #isEmpty(): boolean {
    return this.#pods.size + this.#gone.size + this.#events.size === 0 && this.#node === undefined && !this.#isSending;
  }

  #plan(delayMs: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#options;
    const atMs = clock.now() + delayMs;
    if (atMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = atMs;
    this.#cancel = clock.after(delayMs, () => {
      this.#dueMs = Infinity;
      if (!this.#isSending) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#isEmpty) return;
    this.#isSending = true;
    const report = this.#take();
    try {
      const { refused } = await this.#options.send(report);
      this.#failures = 0;
      this.#again(report, new Map(refused.map((entry) => [entry.key, entry])));
    } catch (error) {
      this.#failures += 1;
      this.#options.log.warn({ error: error instanceof Error ? error.message : String(error) }, "a status report did not arrive, it is sent again");
      this.#restore(report, () => true);
    }
    this.#isSending = false;
    if (this.#isEmpty) this.#idle?.resolve();
    else this.#plan(this.#delayMs());
  }

  #delayMs(): number {
    if (this.#failures === 0) return 0;
    return Math.min(backoffMs.most, backoffMs.first * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
  }

  #take(): StatusReport {
    const { session } = this.#options;
    const report = { session, pods: [...this.#pods.values()], terminated: [...this.#gone.values()], events: [...this.#events.values()], ...(this.#node && { node: this.#node }) };
    this.#pods = new Map();
    this.#gone = new Map();
    this.#events = new Map();
    this.#node = undefined;
    return report;
  }

  /** What lost a race is told again; what is about something that is gone or not ours is not. */
  #again(report: StatusReport, refused: ReadonlyMap<string, StatusResult["refused"][number]>): void {
    if (refused.size === 0) return;
    for (const { key, code, message } of refused.values()) this.#options.log.debug({ key, code, error: message }, "a part of a report was refused");
    this.#restore({ ...report, events: [] }, (key) => {
      const refusal = refused.get(key);
      return refusal !== undefined && (refusal.code >= 500 || (refusal.code === 409 && !/uid/i.test(refusal.message)));
    });
    if (this.#pods.size + this.#gone.size > 0) this.#failures += 1;
  }

  #restore(report: StatusReport, isWanted: (key: string) => boolean): void {
    const wanted = (entry: GoneEntry): boolean => isWanted(`pods/${entry.namespace}/${entry.name}`);
    for (const pod of report.pods.filter(wanted)) if (!this.#pods.has(pod.uid)) this.#pods.set(pod.uid, pod);
    for (const pod of report.terminated.filter(wanted)) this.#gone.set(pod.uid, pod);
    for (const event of report.events) this.#events.set(`${event.metadata.namespace ?? ""}/${event.metadata.name ?? ""}`, event);
    if (report.node !== undefined && isWanted("nodes")) this.#node ??= report.node;
  }
}

function identity(pod: StoredPod): GoneEntry {
  const { namespace = "default", name, uid } = pod.metadata;
  return { namespace, name, uid };
}

/** Somebody may wait for it: the pod runs, failed, or says why it does not start. */
function isNews(status: PodStatus): boolean {
  const reasons = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].map(({ state }) => state?.waiting?.reason);
  return status.phase !== "Pending" || reasons.some((reason) => reason !== undefined && reason !== "ContainerCreating" && reason !== "PodInitializing");
}
