/** Removes a node's host and network by the names of its state directory; no agent needs to run. */
import { removeNetwork } from "../network/remove-network.ts";
import { namesOf, realPathOf } from "./names.ts";
import { allOwners } from "./owner.ts";
import { isAlive } from "./process-record.ts";
import { removeHost } from "./remove.ts";

export async function removeNode(stateDir: string): Promise<void> {
  const names = namesOf(stateDir);
  await removeNetwork(names);
  await removeHost(names);
}

/**
 * Removes every node under a folder whose agent does not run any more, found by the records in /run: what runs that
 * were killed left behind. Gives their state directories. Nodes whose agent lives are somebody's.
 */
export async function sweepNodes(folder: string): Promise<string[]> {
  const prefix = `${realPathOf(folder)}/`;
  const left = allOwners().filter((owner) => owner.stateDir.startsWith(prefix) && !isAlive(owner.agent));
  for (const owner of left) await removeNode(owner.stateDir);
  return left.map((owner) => owner.stateDir);
}
