/** The probes of all running containers of one pod, begun and ended with them. */
import type { ProbeResults } from "../observed.ts";
import { containersOf, type ObservedPod, type StoredPod } from "../observed.ts";
import type { PodDependencies } from "../dependencies.ts";
import { checkProbe } from "./check.ts";
import { ContainerProbes, type ProbeKind } from "./container-probes.ts";

const titles: Record<ProbeKind, string> = { liveness: "Liveness", readiness: "Readiness", startup: "Startup" };

export class PodProbes {
  readonly #dependencies: PodDependencies;
  readonly #onChange: () => void;
  readonly #byContainer = new Map<string, ContainerProbes>();

  constructor(dependencies: PodDependencies, options: { onChange(): void }) {
    this.#dependencies = dependencies;
    this.#onChange = () => options.onChange();
  }

  results(): ReadonlyMap<string, ProbeResults> {
    return new Map([...this.#byContainer].map(([id, probes]) => [id, probes.results]));
  }

  /** Begins probing what runs and ends probing what does not. */
  follow(pod: StoredPod, observed: ObservedPod, podIp: string): void {
    const running = observed.containers.filter(({ state }) => state === "running");
    const ids = new Set(running.map(({ id }) => id));
    for (const [id, probes] of this.#byContainer) {
      if (ids.has(id)) continue;
      probes.stop();
      this.#byContainer.delete(id);
    }
    for (const { id, name, startedAtMs } of running) {
      if (!this.#byContainer.has(id)) this.#begin(pod, { id, name, startedAtMs, podIp });
    }
  }

  stop(): void {
    for (const probes of this.#byContainer.values()) probes.stop();
    this.#byContainer.clear();
  }

  #begin(pod: StoredPod, { id, name, startedAtMs, podIp }: { id: string; name: string; startedAtMs: number; podIp: string }): void {
    const entry = containersOf(pod).find(({ container }) => container.name === name);
    if (entry === undefined) return;
    const { runtime, clock, events } = this.#dependencies;
    const { container, kind } = entry;
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const wasReady = statuses.some((status) => status.containerID === `containerd://${id}` && status.ready);
    const probes = new ContainerProbes({
      container: kind === "init" ? withoutProbes(container) : container,
      startedAtMs,
      clock,
      wasReady,
      check: (probe) => checkProbe(runtime, probe, { container, containerId: id, podIp }),
      onChange: this.#onChange,
      onFailure: (probe, output) => {
        const message = `${titles[probe]} probe failed: ${output}`;
        events.forPod(pod, { type: "Warning", reason: "Unhealthy", message, container: name, isInit: kind !== "main" });
      },
    });
    this.#byContainer.set(id, probes);
  }
}

/** Containers that run to their end are not probed. */
function withoutProbes<T extends object>(container: T): T {
  return { ...container, livenessProbe: undefined, readinessProbe: undefined, startupProbe: undefined };
}
