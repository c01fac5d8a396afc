/** Looks up what the runtime has of one pod, asking only for what can have changed. */
import type { Clock } from "../clock.ts";
import type { ContainerStatus, Runtime, Sandbox, SandboxStatus } from "../runtime/runtime.ts";
import type { ObservedPod } from "./observed.ts";

/** The runtime tells of an exit a moment before its own status does. */
const exitLag = { everyMs: 10, times: 200 };

export class PodObserver {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #uid: string;
  readonly #sandboxes = new Map<string, SandboxStatus>();
  readonly #containers = new Map<string, ContainerStatus>();
  readonly #exited = new Set<string>();
  readonly #hasExited: (id: string) => boolean;

  /** @param options.hasExited an exit of this container was told, maybe before anybody knew whose it was */
  constructor(options: { runtime: Runtime; clock: Clock; uid: string; hasExited(id: string): boolean }) {
    this.#runtime = options.runtime;
    this.#clock = options.clock;
    this.#uid = options.uid;
    this.#hasExited = (id) => options.hasExited(id);
  }

  /** An exit was told: the next observation waits until the status says so, too. */
  exited(containerId: string): void {
    this.#exited.add(containerId);
  }

  owns(id: string): boolean {
    return this.#containers.has(id) || this.#sandboxes.has(id);
  }

  /** Looks only at what was just made: enough after a start, and far cheaper than listing. */
  async observeNew(made: { sandboxId: string; containerId?: string }): Promise<ObservedPod> {
    const { sandboxId, containerId } = made;
    if (!this.#sandboxes.has(sandboxId)) await this.#lookAtSandbox({ id: sandboxId, state: undefined });
    if (containerId !== undefined) {
      const status = await this.#statusOf(containerId);
      if (status !== undefined) this.#containers.set(containerId, { ...status, sandboxId });
    }
    await this.#lookAtEarlyExits();
    return this.#picture();
  }

  async observe(): Promise<ObservedPod> {
    const [sandboxes, containers] = await Promise.all([this.#runtime.listSandboxes(this.#uid), this.#runtime.listContainers(this.#uid)]);
    forgetMissing(this.#sandboxes, sandboxes);
    forgetMissing(this.#containers, containers);
    for (const sandbox of sandboxes) await this.#lookAtSandbox(sandbox);
    for (const { id, state, sandboxId } of containers) {
      const known = this.#containers.get(id);
      if (known?.state === "exited" || (known?.state === state && !this.#exited.has(id))) continue;
      const status = await this.#statusOf(id);
      if (status !== undefined) this.#containers.set(id, { ...status, sandboxId });
    }
    await this.#lookAtEarlyExits();
    this.#exited.clear();
    return this.#picture();
  }

  #picture(): ObservedPod {
    const byAttempt = <T extends { attempt: number; createdAtMs: number }>(a: T, b: T): number => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs;
    return { sandboxes: [...this.#sandboxes.values()].toSorted(byAttempt), containers: [...this.#containers.values()].toSorted(byAttempt) };
  }

  /** A container may end before it was first seen here: its exit was told when nobody could say whose it was. */
  async #lookAtEarlyExits(): Promise<void> {
    for (const [id, { state, sandboxId }] of this.#containers) {
      if (state !== "running" || !this.#hasExited(id)) continue;
      this.#exited.add(id);
      const status = await this.#statusOf(id);
      if (status !== undefined) this.#containers.set(id, { ...status, sandboxId });
    }
  }

  async #lookAtSandbox({ id, state }: { id: string; state: Sandbox["state"] | undefined }): Promise<void> {
    const known = this.#sandboxes.get(id);
    if (known !== undefined && known.state === state && !this.#exited.has(id)) return;
    const status = await this.#runtime.sandboxStatus(id);
    if (status === undefined) return;
    // A stopped sandbox forgets its addresses.
    this.#sandboxes.set(id, status.ips.length === 0 && known !== undefined ? { ...status, ips: known.ips } : status);
  }

  async #statusOf(id: string): Promise<ContainerStatus | undefined> {
    let status = await this.#runtime.containerStatus(id);
    for (let turn = 0; turn < exitLag.times && this.#exited.has(id) && status?.state === "running"; turn += 1) {
      await new Promise<void>((resolve) => this.#clock.after(exitLag.everyMs, resolve));
      status = await this.#runtime.containerStatus(id);
    }
    return status;
  }
}

function forgetMissing(known: Map<string, unknown>, there: readonly { id: string }[]): void {
  const ids = new Set(there.map(({ id }) => id));
  for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
}
