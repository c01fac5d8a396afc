/** All pods of this node: a worker for each, admission of new ones, and the end of those that are no longer wanted. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RuntimeEvent } from "../runtime/runtime.ts";
import { runtimeLabels } from "../runtime/runtime.ts";
import { admissionFailure } from "./admission.ts";
import type { PodDependencies } from "./dependencies.ts";
import { isTerminal, type StoredPod } from "./observed.ts";
import type { Failure } from "./status/pod-status.ts";
import { PodWorker } from "./worker.ts";

const resyncMs = 60_000;
const mostStrayExits = 256;

/** What the control plane wants of this node. */
export interface DesiredPods {
  pods: ReadonlyMap<string, StoredPod>;
  /** The answer named everything: what the runtime has beyond it is to be removed. */
  isComplete: boolean;
}

export class Pods {
  readonly #dependencies: PodDependencies;
  readonly #workers = new Map<string, PodWorker>();
  #isUnderDiskPressure = false;
  #isComplete = false;
  #cancelResync: (() => void) | undefined;
  #desired: ReadonlyMap<string, StoredPod> = new Map();
  /** Exits that were told before a worker had seen the container; the newest few. */
  readonly #strayExits = new Set<string>();

  constructor(dependencies: PodDependencies) {
    this.#dependencies = dependencies;
  }

  /** Begins to listen for ends of containers. */
  start(signal: AbortSignal): void {
    this.#dependencies.runtime.watchEvents((event) => this.#onEvent(event), signal);
    this.#planResync();
  }

  /** Idempotent. Pods that are gone from `pods` are ended. */
  async apply({ pods, isComplete }: DesiredPods): Promise<void> {
    this.#desired = pods;
    this.#isComplete ||= isComplete;
    const wanted = new Map([...pods.values()].map((pod) => [pod.metadata.uid, pod]));
    for (const [uid, worker] of this.#workers) if (!wanted.has(uid)) worker.remove();
    const known = this.#workers.size === 0 ? await this.#uidsAtRuntime() : new Set<string>();
    for (const pod of wanted.values()) this.#take(pod, { isKnown: known.has(pod.metadata.uid) });
    if (isComplete) await this.#removeOrphans();
  }

  /** A ConfigMap or Secret came or changed: those that name it look again. */
  objectsChanged(keys: ReadonlySet<string>): void {
    for (const worker of this.#workers.values()) if (namesAny(worker.pod, keys)) worker.objectsChanged();
  }

  /** The control plane lost what it knew of this node. */
  reportAgain(): void {
    for (const worker of this.#workers.values()) worker.reportAgain();
  }

  get(uid: string): StoredPod | undefined {
    return this.#workers.get(uid)?.pod;
  }

  get all(): StoredPod[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  setDiskPressure(isUnderPressure: boolean): void {
    this.#isUnderDiskPressure = isUnderPressure;
  }

  /** Ends a pod for a reason of the node's own. */
  fail(uid: string, failure: Failure): void {
    this.#workers.get(uid)?.fail(failure);
  }

  /** The agent stops; containers go on. */
  async stop(): Promise<void> {
    this.#cancelResync?.();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  #take(pod: StoredPod, { isKnown }: { isKnown: boolean }): void {
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (worker !== undefined) {
      if (worker.pod.metadata.resourceVersion !== pod.metadata.resourceVersion) worker.update(pod);
      return;
    }
    const isNew = !isKnown && !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
    const failure = isNew ? this.#admit(pod) : undefined;
    this.#work(pod, failure).wake();
  }

  #work(pod: StoredPod, failure: Failure | undefined): PodWorker {
    const { uid } = pod.metadata;
    const hasExited = (id: string): boolean => this.#strayExits.has(id);
    const worker = new PodWorker(this.#dependencies, { pod, failure, hasExited, onGone: () => this.#gone(uid) });
    this.#workers.set(uid, worker);
    return worker;
  }

  #admit(pod: StoredPod): Failure | undefined {
    const { node, events } = this.#dependencies;
    const others = [...this.#workers.values()].filter(({ isFinished }) => !isFinished).map((worker) => worker.pod);
    const failure = admissionFailure({ pod, others, allocatable: node.allocatable, isUnderDiskPressure: this.#isUnderDiskPressure });
    if (failure !== undefined) {
      events.forPod(pod, { type: "Warning", reason: failure.reason, message: failure.message.replace("Pod was rejected: ", "") });
    }
    return failure;
  }

  /** A worker that ended a pod which the API still has stays, so that nothing starts it again. */
  #gone(uid: string): void {
    const isDesired = [...this.#desired.values()].some((pod) => pod.metadata.uid === uid);
    if (!isDesired) this.#workers.delete(uid);
  }

  async #uidsAtRuntime(): Promise<Set<string>> {
    return new Set((await this.#dependencies.runtime.listSandboxes()).map(({ uid }) => uid));
  }

  /** Sandboxes and folders of pods that nobody wants, left by an earlier run. */
  async #removeOrphans(): Promise<void> {
    const { runtime, log } = this.#dependencies;
    for (const sandbox of await runtime.listSandboxes()) {
      const uid = sandbox.labels[runtimeLabels.podUid] ?? sandbox.uid;
      if (this.#workers.has(uid)) continue;
      log.info({ pod: `${sandbox.namespace}/${sandbox.name}`, uid }, "removing a pod that is no longer wanted here");
      const { name, namespace } = sandbox;
      const pod: StoredPod = { metadata: { name, namespace, uid, resourceVersion: "", creationTimestamp: "" }, spec: { containers: [] } };
      this.#work(pod, undefined).remove();
    }
    await this.#removeFolders();
  }

  /** Folders whose sandbox is gone already, as after a reboot. */
  async #removeFolders(): Promise<void> {
    const { paths, volumes } = this.#dependencies;
    for (const uid of await namesIn(paths.podsDir)) if (!this.#workers.has(uid)) await volumes.tearDown(uid);
    for (const name of await namesIn(paths.logsDir)) {
      const uid = name.slice(name.lastIndexOf("_") + 1);
      if (!this.#workers.has(uid)) await rm(join(paths.logsDir, name), { recursive: true, force: true });
    }
  }

  #onEvent(event: RuntimeEvent): void {
    if (event.type === "resync") {
      for (const worker of this.#workers.values()) worker.runtimeReturned();
      return;
    }
    if (event.type === "oom") return;
    for (const worker of this.#workers.values()) if (worker.exited(event.containerId)) return;
    this.#strayExits.add(event.containerId);
    const [oldest] = this.#strayExits;
    if (this.#strayExits.size > mostStrayExits && oldest !== undefined) this.#strayExits.delete(oldest);
  }

  /** Nothing should be missed; should it be, this finds it. */
  #planResync(): void {
    this.#cancelResync = this.#dependencies.clock.after(resyncMs * (0.9 + Math.random() / 5), () => {
      for (const worker of this.#workers.values()) worker.wake();
      const orphans = this.#isComplete ? this.#removeOrphans() : Promise.resolve();
      orphans.catch((error: unknown) => this.#dependencies.log.warn({ err: error }, "looking for orphans failed"));
      this.#planResync();
    });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

/** Does the pod name one of these objects (`configmaps/ns/name`, `secrets/ns/name`)? */
function namesAny(pod: StoredPod, keys: ReadonlySet<string>): boolean {
  return objectsOf(pod).some((key) => keys.has(key));
}

/** The ConfigMaps and Secrets that a pod names. */
export function objectsOf(pod: StoredPod): string[] {
  const { namespace = "default" } = pod.metadata;
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const volumes = pod.spec?.volumes ?? [];
  const projections = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  const configMaps = [
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef?.name)),
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name)),
    ...volumes.map(({ configMap }) => configMap?.name),
    ...projections.map(({ configMap }) => configMap?.name),
  ];
  const secrets = [
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)),
    ...volumes.map(({ secret }) => secret?.secretName),
    ...projections.map(({ secret }) => secret?.name),
    ...(pod.spec?.imagePullSecrets ?? []).map(({ name }) => name),
  ];
  const keysOf = (resource: string, names: (string | undefined)[]): string[] => names.filter((name) => name !== undefined).map((name) => `${resource}/${namespace}/${name}`);
  return [...new Set([...keysOf("configmaps", configMaps), ...keysOf("secrets", secrets)])];
}
