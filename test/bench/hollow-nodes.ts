/**
 * Nodes that exist in the API only: their Node objects, and pods whose status goes to Running at once and which leave
 * when their deletion is asked for, all by plain API calls, as any client could make them.
 */
import type { AnyObject, Target, WatchEvent } from "./target.ts";

export interface HollowNodesOptions {
  target: Target;
  prefix: string;
  count: number;
  /** Of the pods that they see to. */
  namespace: string;
}

const capacity = { cpu: "32", memory: "128Gi", pods: "1000", "ephemeral-storage": "100Gi" };
const merge = "application/strategic-merge-patch+json";

export class HollowNodes {
  readonly names: string[];
  readonly #options: HollowNodesOptions;
  readonly #seen = new Set<string>();
  readonly #removed = new Set<string>();
  #stopWatching: (() => void) | undefined;
  #lastIp = 0;

  constructor(options: HollowNodesOptions) {
    this.#options = options;
    this.names = Array.from({ length: options.count }, (_, index) => `${options.prefix}-${index}`);
  }

  async start(): Promise<void> {
    await Promise.all(this.names.map((name) => this.#createNode(name)));
    await this.restartWatch();
  }

  /** After the control plane was away: what happened meanwhile comes as ADDED. */
  async restartWatch(): Promise<void> {
    this.#stopWatching?.();
    // What was under way may not have got through.
    this.#seen.clear();
    this.#removed.clear();
    const { target, namespace } = this.#options;
    const path = `/api/v1/namespaces/${namespace}/pods?resourceVersion=0`;
    this.#stopWatching = await target.watch(path, (event) => this.#onEvent(event));
  }

  async stop(): Promise<void> {
    this.#stopWatching?.();
    await Promise.all(this.names.map((name) => this.#options.target.remove(`/api/v1/nodes/${name}`)));
  }

  async #createNode(name: string): Promise<void> {
    const { target } = this.#options;
    const labels = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", hollow: this.#options.prefix };
    await target.call("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec: {} });
    const now = new Date().toISOString().replace(/\.\d+Z/, "Z");
    const ready = { type: "Ready", status: "True", reason: "KubeletReady", message: "hollow", lastHeartbeatTime: now, lastTransitionTime: now };
    await target.call("PATCH", `/api/v1/nodes/${name}/status`, { status: { capacity, allocatable: capacity, conditions: [ready] } }, merge);
  }

  #onEvent({ type, object }: WatchEvent): void {
    const { uid = "" } = object.metadata;
    if (type === "DELETED" || type === "BOOKMARK" || !this.names.includes(object.spec?.nodeName ?? "")) return;
    if (object.metadata.deletionTimestamp !== undefined) {
      if (!this.#removed.has(uid)) this.#act(() => this.#remove(object));
      this.#removed.add(uid);
    } else if (!this.#seen.has(uid)) {
      this.#seen.add(uid);
      this.#act(() => this.#run(object));
    }
  }

  /** A pod that goes away meanwhile is no fault; anything else would show as a pod that never gets ready. */
  #act(action: () => Promise<unknown>): void {
    action().catch((error: unknown) => {
      if (!/: (404|409) /.test(String(error))) console.error(String(error));
    });
  }

  #pathOf(pod: AnyObject): string {
    return `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
  }

  async #run(pod: AnyObject): Promise<void> {
    const at = new Date().toISOString().replace(/\.\d+Z/, "Z");
    const ip = ++this.#lastIp;
    const podIP = `10.${200 + Math.floor(ip / 65536)}.${Math.floor(ip / 256) % 256}.${ip % 256}`;
    const conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({ type, status: "True", lastTransitionTime: at }));
    const running = { name: "app", ready: true, started: true, restartCount: 0, image: "app:1", imageID: "app:1", containerID: `hollow://${pod.metadata.uid}`, state: { running: { startedAt: at } } };
    const status = { phase: "Running", podIP, podIPs: [{ ip: podIP }], startTime: at, conditions, containerStatuses: [running] };
    await this.#options.target.call("PATCH", `${this.#pathOf(pod)}/status`, { metadata: { uid: pod.metadata.uid }, status }, merge);
  }

  async #remove(pod: AnyObject): Promise<void> {
    const body = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
    await this.#options.target.remove(this.#pathOf(pod), body);
  }
}
