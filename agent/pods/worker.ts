/**
 * One pod's worker: observes, computes what is to be done, does it, reports, until nothing is left to do. It runs one
 * round at a time; whatever happens meanwhile (an exit, a probe, a new spec, a timer) asks for one more.
 *
 *     running ── deletion asked for, or no longer ours ──► leaving ──► gone
 */
import { isDeepStrictEqual } from "node:util";
import { mkdir, rm, writeFile } from "node:fs/promises";
import type { PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import { RuntimeError, type SandboxConfig } from "../runtime/runtime.ts";
import { computePodActions, type PodAction } from "./actions.ts";
import { Backoff } from "./backoff.ts";
import { collectGarbage } from "./container-garbage.ts";
import { isRuntimeGone, startContainer } from "./container-starter.ts";
import { stopContainer, stopContainers } from "./container-stopper.ts";
import type { PodDependencies } from "./dependencies.ts";
import { hostsFile, parseResolvConf, podNames, podResolver } from "./network-files.ts";
import { containersOf, isTerminal, type ObservedPod, type StoredPod } from "./observed.ts";
import { PodObserver } from "./observer.ts";
import { hostsFilePath, podLogDirectory, terminationMessagePath } from "./paths.ts";
import { PodProbes } from "./probes/pod-probes.ts";
import { sandboxConfig } from "./sandbox-config.ts";
import { StartAttempts } from "./start-attempts.ts";
import { podStatus, type Failure } from "./status/pod-status.ts";
import { mergedStatus } from "./status/merged-status.ts";
import { terminationMessage } from "./termination-message.ts";
import { VolumeError } from "./volumes/projection.ts";
import type { MountedVolumes } from "./volumes/volumes.ts";

const retryBackoff = { firstMs: 500, mostMs: 60_000 };
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
  readonly #uid: string;
  #pod: StoredPod;
  #reported: PodStatus | undefined;
  #failure: Failure | undefined;
  readonly #attempts: StartAttempts;
  readonly #terminationMessages = new Map<string, string>();
  readonly #retries = new Backoff(retryBackoff);
  /** A step of this round failed: the next round comes later than the last one did. */
  #hasFailed = false;
  #volumes: MountedVolumes | undefined;
  #round: Promise<void> | undefined;
  #isAskedFor = false;
  #isStopped = false;
  #isRemoved = false;
  #isGone = false;
  #hasStaleVolumes = false;
  #graceSeconds: number | undefined;
  #cancelTimer: (() => void) | undefined;
  #interrupt = Promise.withResolvers<"interrupted">();

  constructor(dependencies: PodDependencies, { pod, failure, hasExited, onGone }: PodWorkerOptions) {
    this.#dependencies = dependencies;
    this.#pod = pod;
    this.#uid = pod.metadata.uid;
    this.#failure = failure;
    this.#onGone = onGone;
    this.#observer = new PodObserver({ runtime: dependencies.runtime, clock: dependencies.clock, uid: this.#uid, hasExited });
    this.#attempts = new StartAttempts(dependencies);
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
    this.#pod = { ...pod, status: mergedStatus(pod.status ?? {}, this.#reported ?? before.status ?? {}) };
    if (pod.metadata.deletionTimestamp !== undefined) this.#hurry();
    if (!isDeepStrictEqual([before.metadata.labels, before.metadata.annotations], [pod.metadata.labels, pod.metadata.annotations])) {
      this.#hasStaleVolumes = true;
    }
    // Most news of a pod is the echo of the worker's own report: nothing to do.
    if (!isSameToWorker(before, this.#pod)) this.wake();
  }

  /** A ConfigMap or Secret that the pod names has come or changed. */
  objectsChanged(): void {
    this.#hasStaleVolumes = true;
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
    else if (this.#reported !== undefined) this.#dependencies.report.status(this.#pod, this.#reported);
  }

  /** The agent stops: nothing more is done; what runs goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
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
        if (!this.#hasFailed) this.#retries.forget("round");
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
    await this.#refreshVolumes(observed);
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
    const podIp = this.#ips(observed)[0] ?? "";
    this.#probes.follow(this.#pod, observed, podIp);
    for (const ended of observed.containers) await this.#readLastWords(ended);
    return observed;
  }

  async #readLastWords(ended: ObservedPod["containers"][number]): Promise<void> {
    if (ended.state !== "exited" || this.#terminationMessages.has(ended.id)) return;
    const { name, attempt } = ended;
    const container = containersOf(this.#pod).find((entry) => entry.container.name === name)?.container;
    const file = terminationMessagePath(this.#dependencies.paths, { uid: this.#uid, container: name, attempt });
    this.#terminationMessages.set(ended.id, await terminationMessage(container, { ended, file }));
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
        this.#timer(action.untilMs - this.#dependencies.clock.now());
        return "none";
      case "killContainer":
        await this.#kill(action, observed);
        return "anything";
      case "endPod":
        await this.#end(observed, this.#pod.spec?.terminationGracePeriodSeconds ?? 30);
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
    if (!(await this.#setUpVolumes([]))) return "none";
    try {
      const sandboxId = await starts.use(async () => {
        await cgroups.create(this.#pod);
        const config = await this.#sandboxConfig(attempt);
        await mkdir(config.logDirectory, { recursive: true, mode: 0o755 });
        return await runtime.runSandbox(config);
      });
      return { sandboxId };
    } catch (error) {
      if (!(error instanceof RuntimeError) || isRuntimeGone(error)) throw error;
      events.forPod(this.#pod, { type: "Warning", reason: "FailedCreatePodSandBox", message: `Failed to create pod sandbox: ${error.message}` });
      this.#retryAfter(error);
      return "none";
    }
  }

  /** Gives false if they cannot be set up now; the event says why. */
  async #setUpVolumes(podIps: readonly string[]): Promise<boolean> {
    const { volumes, objects, node, events } = this.#dependencies;
    try {
      this.#volumes = await volumes.setUp(this.#pod, { objects, context: { ...node, podIps } });
      return true;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      events.forPod(this.#pod, { type: "Warning", reason: "FailedMount", message: error.message });
      this.#retryAfter(error);
      return false;
    }
  }

  async #sandboxConfig(attempt: number): Promise<SandboxConfig> {
    const { node, paths, hostFile } = this.#dependencies;
    const host = parseResolvConf(await hostFile("/etc/resolv.conf"));
    return sandboxConfig(this.#pod, {
      attempt,
      names: podNames(this.#pod, node.dns.domain),
      dns: podResolver(this.#pod, { dns: node.dns, host }),
      logDirectory: podLogDirectory(paths, this.#pod),
      cgroupRoot: node.cgroupRoot,
    });
  }

  async #start(action: Extract<PodAction, { type: "startContainer" }>, observed: ObservedPod): Promise<Progress> {
    const { name, kind, attempt, sandboxId } = action;
    const container = containersOf(this.#pod).find((entry) => entry.container.name === name)?.container;
    const sandbox = observed.sandboxes.find(({ id }) => id === sandboxId);
    if (container === undefined || sandbox === undefined) return "none";
    const podIps = this.#ips(observed);
    if (!(await this.#prepareFiles(podIps))) return "none";
    this.#attempts.begin(observed, name);
    const volumes = this.#volumes ?? new Map<string, string>();
    const started = startContainer(this.#dependencies, {
      ...{ pod: this.#pod, container, kind, attempt, sandboxId, podIps, volumes },
      sandbox: await this.#sandboxConfig(sandbox.attempt),
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

  /** Volumes (again, after a restart of the agent) and /etc/hosts, before the first container. */
  async #prepareFiles(podIps: readonly string[]): Promise<boolean> {
    if (this.#volumes === undefined && !(await this.#setUpVolumes(podIps))) return false;
    const { paths, node, hostFile } = this.#dependencies;
    const path = hostsFilePath(paths, this.#uid);
    const names = podNames(this.#pod, node.dns.domain);
    await mkdir(`${paths.podsDir}/${this.#uid}`, { recursive: true, mode: 0o750 });
    await writeFile(path, hostsFile(this.#pod, { names, ips: podIps, hostFile: await hostFile("/etc/hosts") }), { mode: 0o644 });
    return true;
  }

  async #kill({ containerId, name, reason }: Extract<PodAction, { type: "killContainer" }>, observed: ObservedPod): Promise<void> {
    const container = containersOf(this.#pod).find((entry) => entry.container.name === name)?.container;
    const probe = reason === "liveness" ? container?.livenessProbe : reason === "startup" ? container?.startupProbe : undefined;
    const graceSeconds = probe?.terminationGracePeriodSeconds ?? this.#pod.spec?.terminationGracePeriodSeconds ?? 30;
    const why = reason === "changed" ? "definition changed" : `failed ${reason} probe`;
    const message = `Container ${name} ${why}, will be restarted`;
    const podIp = this.#ips(observed)[0] ?? "";
    await stopContainer(this.#dependencies, { pod: this.#pod, graceSeconds, podIp, containerId, name, container, message });
  }

  /** Stops everything that runs; the sandbox stays as a record, so that logs can be read. */
  async #end(observed: ObservedPod, graceSeconds: number): Promise<void> {
    await stopContainers(this.#dependencies, observed, { pod: this.#pod, graceSeconds, podIp: this.#ips(observed)[0] ?? "" });
    for (const { id, state } of observed.sandboxes) if (state === "ready") await this.#dependencies.runtime.stopSandbox(id);
  }

  async #leave(): Promise<void> {
    const { runtime, volumes, cgroups, images, report } = this.#dependencies;
    this.#cancelTimer?.();
    this.#probes.stop();
    const observed = await this.#observer.observe();
    this.#graceSeconds = this.#wantedGrace();
    await this.#end(observed, this.#graceSeconds);
    if (!this.#isRemoved) this.#reportEnd(await this.#observe());
    for (const { id } of (await this.#observer.observe()).sandboxes) {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
    await volumes.tearDown(this.#uid);
    await cgroups.remove(this.#pod);
    await rm(podLogDirectory(this.#dependencies.paths, this.#pod), { recursive: true, force: true });
    images.forget(this.#uid);
    this.#isGone = true;
    if (!this.#isRemoved) report.terminated(this.#pod);
    this.#onGone();
  }

  /** Somebody waits for the end of a pod with finalizers; others leave the API at once and need no last status. */
  #reportEnd(observed: ObservedPod): void {
    if ((this.#pod.metadata.finalizers ?? []).length > 0) this.#report(observed);
  }

  #wantedGrace(): number {
    const { metadata, spec } = this.#pod;
    const ofPod = spec?.terminationGracePeriodSeconds ?? 30;
    if (metadata.deletionTimestamp !== undefined) return Math.max(metadata.deletionGracePeriodSeconds ?? ofPod, 1);
    // Gone from the API without its grace: forced, so it gets the least.
    return 1;
  }

  /** A pull in progress is left, and a stop in progress gets a shorter grace period. */
  #hurry(): void {
    this.#interrupt.resolve("interrupted");
    const graceSeconds = this.#wantedGrace();
    if (this.#graceSeconds === undefined || graceSeconds >= this.#graceSeconds) return;
    this.#graceSeconds = graceSeconds;
    const { runtime, log } = this.#dependencies;
    const stopAgain = async (): Promise<void> => {
      const containers = await runtime.listContainers(this.#uid);
      await Promise.all(containers.filter(({ state }) => state === "running").map(({ id }) => runtime.stopContainer(id, graceSeconds)));
    };
    stopAgain().catch((error: unknown) => log.warn({ err: error, pod: this.#pod.metadata.name }, "a shorter grace period could not be applied"));
  }

  #checkDeadline(): void {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    const startTime = this.#pod.status?.startTime;
    if (seconds === undefined || startTime === undefined || isTerminal(this.#pod)) return;
    const leftMs = Date.parse(startTime) + seconds * 1000 - this.#dependencies.clock.now();
    if (leftMs > 0) return this.#timer(leftMs);
    const message = "Pod was active on the node longer than the specified deadline";
    this.#failure ??= { reason: "DeadlineExceeded", message };
    this.#dependencies.events.forPod(this.#pod, { type: "Normal", reason: "DeadlineExceeded", message });
  }

  async #refreshVolumes(observed: ObservedPod): Promise<void> {
    if (!this.#hasStaleVolumes || this.#volumes === undefined) return;
    this.#hasStaleVolumes = false;
    const { volumes, objects, node } = this.#dependencies;
    await volumes.refresh(this.#pod, { objects, context: { ...node, podIps: this.#ips(observed) } });
  }

  #ips(observed: ObservedPod): readonly string[] {
    return this.#pod.spec?.hostNetwork === true ? this.#dependencies.node.hostIps : (observed.sandboxes[0]?.ips ?? []);
  }

  #report(observed: ObservedPod): void {
    const { clock, node, report } = this.#dependencies;
    const status = podStatus({
      pod: this.#pod,
      observed,
      probes: this.#probes.results(),
      waiting: this.#attempts.waiting,
      terminationMessages: this.#terminationMessages,
      isEnding: this.#isLeaving || this.#failure !== undefined,
      hostIps: node.hostIps,
      nowMs: clock.now(),
      failure: this.#failure,
    });
    const before = this.#reported ?? this.#pod.status;
    this.#pod = { ...this.#pod, status };
    if (isDeepStrictEqual(before, status)) return;
    this.#reported = status;
    report.status(this.#pod, status);
  }

  /** Asks for a round when the earliest of what is waited for falls due. */
  #schedule(): void {
    const retryMs = this.#attempts.nextRetryMs();
    if (retryMs !== undefined) this.#timer(retryMs - this.#dependencies.clock.now());
    this.#checkDeadline();
  }

  #timerAtMs = Infinity;

  #timer(delayMs: number): void {
    const atMs = this.#dependencies.clock.now() + delayMs;
    if (atMs >= this.#timerAtMs) return;
    this.#cancelTimer?.();
    this.#timerAtMs = atMs;
    this.#cancelTimer = this.#dependencies.clock.after(delayMs, () => {
      this.#timerAtMs = Infinity;
      this.wake();
    });
  }

  #retryAfter(error: unknown): void {
    const { clock, log } = this.#dependencies;
    const { name, namespace } = this.#pod.metadata;
    this.#hasFailed = true;
    const delayMs = this.#retries.next("round", clock.now()) - clock.now();
    log.warn({ pod: `${namespace}/${name}`, error: error instanceof Error ? error.message : String(error), delayMs }, "a step of a pod failed, it is tried again");
    if (!(error instanceof RuntimeError) && !(error instanceof VolumeError)) log.error({ err: error }, "unexpected");
    this.#timer(delayMs * (0.75 + Math.random() / 4));
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
