/** One cluster for the tests of a file; afterwards the machine is as it was before. */
import { afterAll, beforeAll, expect } from "vitest";
import { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { belongings, differences, type MachineState, machineState, networkNamespacesOf } from "./machine.ts";

export interface ClusterUse {
  readonly current: Cluster;
}

/** What a file makes beside the cluster, it makes after this call and removes in an `afterAll` of its own. */
export function useCluster(...flags: string[]): ClusterUse {
  const before = machineState();
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    cluster = await Cluster.start(...flags);
  });
  afterAll(async () => {
    if (cluster !== undefined) await removedWithoutTrace(cluster, before);
  });
  return {
    get current() {
      if (cluster === undefined) throw new Error("the cluster did not start");
      return cluster;
    },
  };
}

/** Removes a cluster: nothing of it is left, and where nobody else runs clusters, the machine is as it was before. */
export async function removedWithoutTrace(cluster: Cluster, before: MachineState): Promise<void> {
  const namespaces = networkNamespacesOf(cluster.stateDir);
  await cluster.remove();
  expect(cluster.isRemoved).toBe(true);
  // The kernel takes namespaces and cgroups apart in the background, hence with patience.
  await eventually(() => expect(belongings(cluster.stateDir, namespaces)).toEqual([]), { timeoutMs: 20_000 });
  const isShared = [before, machineState()].some((state) => state.processes.some((command) => !command.includes(cluster.stateDir)));
  if (!isShared) await eventually(() => expect(differences(before, machineState())).toEqual([]), { timeoutMs: 20_000 });
}
