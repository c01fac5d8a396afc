/** Computes one pod's status from what was seen of it, and reports it when it tells something new. */
import { isDeepStrictEqual } from "node:util";
import type { PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import type { PodDependencies } from "./dependencies.ts";
import { containersOf, type ObservedPod, type StoredPod } from "./observed.ts";
import { terminationMessagePath } from "./paths.ts";
import { podStatus, type PodStatusInput } from "./status/pod-status.ts";
import { terminationMessage } from "./termination-message.ts";

type Seen = Pick<PodStatusInput, "observed" | "probes" | "waiting" | "isEnding" | "failure">;

export class StatusReporter {
  readonly #dependencies: PodDependencies;
  readonly #terminationMessages = new Map<string, string>();
  #last: PodStatus | undefined;

  constructor(dependencies: PodDependencies) {
    this.#dependencies = dependencies;
  }

  /** What was reported last; undefined: nothing yet. */
  get last(): PodStatus | undefined {
    return this.#last;
  }

  /** Reads what ended containers left to say. */
  async readLastWords(pod: StoredPod, { containers }: ObservedPod): Promise<void> {
    for (const ended of containers) {
      if (ended.state !== "exited" || this.#terminationMessages.has(ended.id)) continue;
      const { name, attempt } = ended;
      const container = containersOf(pod).find((entry) => entry.container.name === name)?.container;
      const file = terminationMessagePath(this.#dependencies.paths, { uid: pod.metadata.uid, container: name, attempt });
      this.#terminationMessages.set(ended.id, await terminationMessage(container, { ended, file }));
    }
  }

  /** Gives the pod with its status as it is now. */
  report(pod: StoredPod, seen: Seen): StoredPod {
    const { clock, node, report } = this.#dependencies;
    const status = podStatus({ ...seen, pod, terminationMessages: this.#terminationMessages, hostIps: node.hostIps, nowMs: clock.now() });
    const before = this.#last ?? pod.status;
    const now = { ...pod, status };
    if (isDeepStrictEqual(before, status)) return now;
    this.#last = status;
    report.status(now, status);
    return now;
  }

  /** Sends the last status again: the control plane lost it. */
  again(pod: StoredPod): void {
    if (this.#last !== undefined) this.#dependencies.report.status(pod, this.#last);
  }
}
