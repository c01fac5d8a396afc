/** Dead containers and sandboxes of a living pod: each container keeps its last end, for `--previous` and lastState. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { PodDependencies } from "./dependencies.ts";
import type { ObservedPod, StoredPod } from "./observed.ts";
import { containerLogPath, podLogDirectory, terminationMessagePath } from "./paths.ts";

/** Of each container, newest first: the one that counts now and the one before. */
const keptAttempts = 2;

/** Names what may go. Pure. */
export function garbageOf(observed: ObservedPod): { containers: ObservedPod["containers"]; sandboxIds: string[] } {
  const byName = Map.groupBy(observed.containers, ({ name }) => name);
  const old = [...byName.values()].flatMap((attempts) => attempts.slice(keptAttempts));
  const containers = old.filter(({ state }) => state === "exited" || state === "created");
  const gone = new Set(containers.map(({ id }) => id));
  const inUse = new Set(observed.containers.filter(({ id }) => !gone.has(id)).map(({ sandboxId }) => sandboxId));
  const dead = observed.sandboxes.slice(1).filter(({ id, state }) => state === "notready" && !inUse.has(id));
  return { containers, sandboxIds: dead.map(({ id }) => id) };
}

export async function collectGarbage({ runtime, paths }: PodDependencies, pod: StoredPod, observed: ObservedPod): Promise<void> {
  const { containers, sandboxIds } = garbageOf(observed);
  for (const { id, name, attempt } of containers) {
    await runtime.removeContainer(id);
    await rm(join(podLogDirectory(paths, pod), containerLogPath(name, attempt)), { force: true });
    await rm(terminationMessagePath(paths, { uid: pod.metadata.uid, container: name, attempt }), { force: true });
  }
  for (const id of sandboxIds) await runtime.removeSandbox(id);
}
