/** One cluster for the tests of a file; afterwards the machine is as it was before. */
import { afterAll, beforeAll, expect } from "vitest";
import { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { differences, type MachineState, machineState } from "./machine.ts";

export interface ClusterUse {
  readonly current: Cluster;
}

export function useCluster(...flags: string[]): ClusterUse {
  let cluster: Cluster | undefined;
  let before: MachineState;
  beforeAll(async () => {
    before = machineState();
    cluster = await Cluster.start(...flags);
  });
  afterAll(async () => {
    await cluster?.remove();
    await leavesNothing(before);
  });
  return {
    get current() {
      if (cluster === undefined) throw new Error("the cluster did not start");
      return cluster;
    },
  };
}

/** The kernel takes namespaces and cgroups apart in the background, hence with patience. */
export async function leavesNothing(before: MachineState): Promise<void> {
  await eventually(() => expect(differences(before, machineState())).toEqual([]), { timeoutMs: 20_000 });
}
