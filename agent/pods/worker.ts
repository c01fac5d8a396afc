/**
 * One pod's worker: observes, computes what is to be done, does it, reports, until nothing is left to do. It runs one
 * round at a time; whatever happens meanwhile (an exit, a probe, a new spec, a timer) asks for one more.
 *
 *     running ── deletion asked for, or no longer ours ──► leaving ──► gone
 */
import { isDeepStrictEqual } from "node:util";
import { mkdir } from "node:fs/promises";
import { RuntimeError } from "../runtime/runtime.ts";
import { computePodActions, type PodAction } from "./actions.ts";
import { collectGarbage } from "./container-garbage.ts";
import { isRuntimeGone, startContainer } from "./container-starter.ts";
import { stopContainer } from "./container-stopper.ts";
import type { PodDependencies } from "./dependencies.ts";
import { containersOf, isTerminal, type ObservedPod, type StoredPod } from "./observed.ts";
import { PodObserver } from "./observer.ts";
import { defaultGraceSeconds, PodEnd } from "./pod-end.ts";
import { PodFiles } from "./pod-files.ts";
import { PodProbes } from "./probes/pod-probes.ts";
import { StartAttempts } from "./start-attempts.ts";
import { StatusReporter } from "./status-reporter.ts";
import { mergedStatus } from "./status/merged-status.ts";
import type { Failure } from "./status/pod-status.ts";
import { VolumeError } from "./volumes/projection.ts";
import { WakeTimer } from "./wake-timer.ts";

/** What was done, so that only that has to be looked at again; `anything` asks for a whole look. */
type Progress = "none" | "anything" | { sandboxId: string; containerId?: string };

/** More rounds than any pod needs in one go: a pod that keeps changing gets its next turn after the others. */
const mostRounds = 50;

export interface PodWorkerOptions {
  pod: StoredPod;
  /** The node has no room for it, or another reason to refuse: it fails at once. */
  failure?: Failure | undefined;
  /** An exit of this container was told, maybe before anybody knew whose it was. */
  hasExited(containerId: string): boolean;
  /** Nothing of the pod is left on this host. */
  onGone(): void;
}

export class PodWorker {
  readonly #dependencies: PodDependencies;
  readonly #observer: PodObserver;
  readonly #probes: PodProbes;
  readonly #onGone: () => void;
  readonly #attempts: StartAttempts;
  readonly #files: PodFiles;
  readonly #end: PodEnd;
  readonly #status: StatusReporter;
  readonly #timer: WakeTimer;
  #pod: StoredPod;
  #failure: Failure | undefined;
  /** A step of this round failed: the next round comes later than the last one did. */
  #hasFailed = false;
  #round: Promise<void> | undefined;
  #isAskedFor = false;
  #isStopped = false;
  #isRemoved = false;
  #isGone = false;
  #interrupt = Promise.withResolvers<"interrupted">();

  constructor(dependencies: PodDependencies, { pod, failure, hasExited, onGone }: PodWorkerOptions) {
    this.#dependencies = dependencies;
    this.#pod = pod;
    this.#failure = failure;
    this.#onGone = onGone;
    const { runtime, clock } = dependencies;
    this.#observer = new PodObserver({ runtime, clock, uid: pod.metadata.uid, hasExited });
    this.#attempts = new StartAttempts(dependencies);
    this.#files = new PodFiles(dependencies);
    this.#end = new PodEnd(dependencies);
    this.#status = new StatusReporter(dependencies);
    this.#timer = new WakeTimer(clock, () => this.wake());
    this.#probes = new PodProbes(dependencies, { onChange: () => this.wake() });
  }

  get pod(): StoredPod {
    return this.#pod;
  }

  /** It holds nothing of the node's resources any more. */
  get isFinished(): boolean {
    return this.#isGone || isTerminal(this.#pod);
  }

  /** Asks for a round; many calls at once make one. */
  wake(): void {
    this.#isAskedFor = true;
    this.#round ??= this.#rounds().finally(() => (this.#round = undefined));
  }

  /** The API's newest version of the pod. */
  update(pod: StoredPod): void {
    const before = this.#pod;
    this.#pod = { ...pod, status: mergedStatus(pod.status ?? {}, this.#status.last ?? before.status ?? {}) };
    if (pod.metadata.deletionTimestamp !== undefined) this.#hurry();
    if (!isDeepStrictEqual([before.metadata.labels, before.metadata.annotations], [pod.metadata.labels, pod.metadata.annotations])) {
      this.#files.outdate();
    }
    // Most news of a pod is the echo of the worker's own report: nothing to do.
    if (!isSameToWorker(before, this.#pod)) this.wake();
  }

  /** A ConfigMap or Secret that the pod names has come or changed. */
  objectsChanged(): void {
    this.#files.outdate();
    this.#attempts.retryNow();
    this.wake();
  }

  /** The runtime is there (again): what failed without it is tried at once, and soon again should it not be ready yet. */
  runtimeReturned(): void {
    this.#timer.forgetFailures();
    this.#attempts.retryNow();
    this.wake();
  }

  /** The pod is not this node's any more: it is ended without a word to the API. */
  remove(): void {
    this.#isRemoved = true;
    this.#hurry();
    this.wake();
  }

  /** One of its containers or its sandbox ended; gives whether it is this pod's. */
  exited(containerId: string): boolean {
    if (!this.#observer.owns(containerId)) return false;
    this.#observer.exited(containerId);
    this.wake();
    return true;
  }

  /** Ends the pod for a reason of the node's own (eviction). */
  fail(failure: Failure): void {
    this.#failure ??= failure;
    this.wake();
  }

  /** Sends the last status again: the control plane lost it. */
  reportAgain(): void {
    if (this.#isGone) this.#dependencies.report.terminated(this.#pod);
    else this.#status.again(this.#pod);
  }

  /** The agent stops: nothing more is done; what runs goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer.cancel();
    this.#probes.stop();
    this.#interrupt.resolve("interrupted");
    await this.#round;
  }

  async #rounds(): Promise<void> {
    while (this.#isAskedFor && !this.#isStopped && !this.#isGone) {
      this.#isAskedFor = false;
      this.#hasFailed = false;
      try {
        await (this.#isLeaving ? this.#leave() : this.#sync());
        if (!this.#hasFailed) this.#timer.forgetFailures();
      } catch (error) {
        this.#retryAfter(error);
      }
    }
  }

  get #isLeaving(): boolean {
    return this.#isRemoved || this.#pod.metadata.deletionTimestamp !== undefined;
  }

  async #sync(): Promise<void> {
    this.#checkDeadline();
    let observed = await this.#observe();
    await this.#files.refresh(this.#pod, this.#ips(observed));
    for (let round = 0; round < mostRounds; round += 1) {
      if (this.#failure !== undefined) this.#report(observed);
      const actions = this.#actions(observed);
      const progress = await this.#execute(actions, observed);
      if (progress !== "none") observed = await this.#observe(progress);
      this.#report(observed);
      if (progress === "none" || this.#isLeaving || this.#isStopped) break;
    }
    await collectGarbage(this.#dependencies, this.#pod, observed);
    this.#schedule();
  }

  async #observe(progress: Exclude<Progress, "none"> = "anything"): Promise<ObservedPod> {
    const observed = await (progress === "anything" ? this.#observer.observe() : this.#observer.observeNew(progress));
    this.#probes.follow(this.#pod, observed, this.#podIp(observed));
    await this.#status.readLastWords(this.#pod, observed);
    return observed;
  }

  #actions(observed: ObservedPod): PodAction[] {
    const nowMs = this.#dependencies.clock.now();
    const notBeforeMs = this.#attempts.notBefore(this.#pod, observed);
    return computePodActions({ pod: this.#pod, observed, probes: this.#probes.results(), notBeforeMs, nowMs });
  }

  async #execute(actions: readonly PodAction[], observed: ObservedPod): Promise<Progress> {
    let done: Progress = "none";
    for (const action of actions) {
      if (this.#isStopped) return "none";
      const progress = await this.#do(action, observed);
      if (progress !== "none") done = done === "none" ? progress : "anything";
      // What was computed before the pod was asked to end no longer holds.
      if (this.#isLeaving) return "anything";
    }
    return done;
  }

  async #do(action: PodAction, observed: ObservedPod): Promise<Progress> {
    switch (action.type) {
      case "createSandbox":
        return await this.#createSandbox(action.attempt, observed);
      case "stopSandbox":
        await this.#dependencies.runtime.stopSandbox(action.sandboxId);
        return "anything";
      case "startContainer":
        return await this.#start(action, observed);
      case "backOff":
        this.#attempts.backOff(this.#pod, { ...action, observed });
        this.#timer.after(action.untilMs - this.#dependencies.clock.now());
        return "none";
      case "killContainer":
        await this.#kill(action, observed);
        return "anything";
      case "endPod":
        await this.#end.stopAll(this.#pod, observed, { graceSeconds: this.#ownGraceSeconds, podIp: this.#podIp(observed) });
        return "anything";
      default:
        return action satisfies never;
    }
  }

  async #createSandbox(attempt: number, observed: ObservedPod): Promise<Progress> {
    const { runtime, starts, cgroups, events } = this.#dependencies;
    if (observed.sandboxes.length > 0) {
      events.forPod(this.#pod, { type: "Normal", reason: "SandboxChanged", message: "Pod sandbox changed, it will be killed and re-created." });
    } else this.#report(observed);
    const missing = await this.#files.setUpVolumes(this.#pod, []);
    if (missing !== undefined) return this.#retryAfter(missing);
    try {
      const sandboxId = await starts.use(async () => {
        await cgroups.create(this.#pod);
        const config = await this.#files.sandboxConfig(this.#pod, attempt);
        await mkdir(config.logDirectory, { recursive: true, mode: 0o755 });
        return await runtime.runSandbox(config);
      });
      return { sandboxId };
    } catch (error) {
      if (!(error instanceof RuntimeError) || isRuntimeGone(error)) throw error;
      events.forPod(this.#pod, { type: "Warning", reason: "FailedCreatePodSandBox", message: `Failed to create pod sandbox: ${error.message}` });
      return this.#retryAfter(error);
    }
  }

  async #start(action: Extract<PodAction, { type: "startContainer" }>, observed: ObservedPod): Promise<Progress> {
    const { name, kind, attempt, sandboxId } = action;
    const container = containersOf(this.#pod).find((entry) => entry.container.name === name)?.container;
    const sandbox = observed.sandboxes.find(({ id }) => id === sandboxId);
    if (container === undefined || sandbox === undefined) return "none";
    const podIps = this.#ips(observed);
    const missing = await this.#files.prepare(this.#pod, podIps);
    if (missing !== undefined) return this.#retryAfter(missing);
    this.#attempts.begin(observed, name);
    const started = startContainer(this.#dependencies, {
      ...{ pod: this.#pod, container, kind, attempt, sandboxId, podIps, volumes: this.#files.volumes },
      sandbox: await this.#files.sandboxConfig(this.#pod, sandbox.attempt),
    });
    // A pull may take minutes: a pod that shall end does not wait for it.
    const result = await Promise.race([started, this.#interrupt.promise]);
    if (result === "interrupted") {
      started.catch(() => undefined);
      return "none";
    }
    this.#attempts.done(name, result);
    return result.isStarted ? { sandboxId, containerId: result.containerId } : "anything";
  }

  async #kill({ containerId, name, reason }: Extract<PodAction, { type: "killContainer" }>, observed: ObservedPod): Promise<void> {
    const container = containersOf(this.#pod).find((entry) => entry.container.name === name)?.container;
    const probe = reason === "liveness" ? container?.livenessProbe : reason === "startup" ? container?.startupProbe : undefined;
    const graceSeconds = probe?.terminationGracePeriodSeconds ?? this.#ownGraceSeconds;
    const why = reason === "changed" ? "definition changed" : `failed ${reason} probe`;
    const message = `Container ${name} ${why}, will be restarted`;
    const podIp = this.#podIp(observed);
    await stopContainer(this.#dependencies, { pod: this.#pod, graceSeconds, podIp, containerId, name, container, message });
  }

  async #leave(): Promise<void> {
    this.#timer.cancel();
    this.#probes.stop();
    const observed = await this.#observer.observe();
    await this.#end.leave(this.#pod, observed, this.#podIp(observed));
    if (!this.#isRemoved) this.#reportEnd(await this.#observe());
    await this.#end.remove(this.#pod, await this.#observer.observe());
    this.#isGone = true;
    if (!this.#isRemoved) this.#dependencies.report.terminated(this.#pod);
    this.#onGone();
  }

  /** Somebody waits for the end of a pod with finalizers; others leave the API at once and need no last status. */
  #reportEnd(observed: ObservedPod): void {
    if ((this.#pod.metadata.finalizers ?? []).length > 0) this.#report(observed);
  }

  /** A pull in progress is left, and a stop in progress gets a shorter grace period. */
  #hurry(): void {
    this.#interrupt.resolve("interrupted");
    this.#end.hurry(this.#pod);
  }

  #checkDeadline(): void {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    const startTime = this.#pod.status?.startTime;
    if (seconds === undefined || startTime === undefined || isTerminal(this.#pod)) return;
    const leftMs = Date.parse(startTime) + seconds * 1000 - this.#dependencies.clock.now();
    if (leftMs > 0) return this.#timer.after(leftMs);
    const message = "Pod was active on the node longer than the specified deadline";
    this.#failure ??= { reason: "DeadlineExceeded", message };
    this.#dependencies.events.forPod(this.#pod, { type: "Normal", reason: "DeadlineExceeded", message });
  }

  #ips(observed: ObservedPod): readonly string[] {
    return this.#pod.spec?.hostNetwork === true ? this.#dependencies.node.hostIps : (observed.sandboxes[0]?.ips ?? []);
  }

  #podIp(observed: ObservedPod): string {
    return this.#ips(observed)[0] ?? "";
  }

  get #ownGraceSeconds(): number {
    return this.#pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
  }

  #report(observed: ObservedPod): void {
    this.#pod = this.#status.report(this.#pod, {
      observed,
      probes: this.#probes.results(),
      waiting: this.#attempts.waiting,
      isEnding: this.#isLeaving || this.#failure !== undefined,
      failure: this.#failure,
    });
  }

  /** Asks for a round when the earliest of what is waited for falls due. */
  #schedule(): void {
    const retryMs = this.#attempts.nextRetryMs();
    if (retryMs !== undefined) this.#timer.after(retryMs - this.#dependencies.clock.now());
    const renewalMs = isTerminal(this.#pod) ? undefined : this.#files.renewalMs(this.#pod);
    if (renewalMs !== undefined) this.#timer.after(Math.max(1_000, renewalMs - this.#dependencies.clock.now()));
    this.#checkDeadline();
  }

  #retryAfter(error: unknown): "none" {
    this.#hasFailed = true;
    const { name, namespace } = this.#pod.metadata;
    const { log } = this.#dependencies;
    const delayMs = this.#timer.afterFailure();
    log.warn({ pod: `${namespace}/${name}`, error: error instanceof Error ? error.message : String(error), delayMs }, "a step of a pod failed, it is tried again");
    if (!(error instanceof RuntimeError) && !(error instanceof VolumeError)) log.error({ err: error }, "unexpected");
    return "none";
  }
}

/** The two differ in nothing that the worker acts on. */
function isSameToWorker(before: StoredPod, now: StoredPod): boolean {
  const relevant = ({ metadata, spec, status }: StoredPod) => {
    const { deletionTimestamp, deletionGracePeriodSeconds, labels, annotations, finalizers, generation } = metadata;
    return [spec, status, deletionTimestamp, deletionGracePeriodSeconds, labels, annotations, finalizers, generation];
  };
  return isDeepStrictEqual(relevant(before), relevant(now));
}
