/**
 * Removes all that the cluster of a state directory has on this host: agent, pods, containerd, network. An entry of its
 * own because it must work when nothing else does: node agent/remove.ts <state directory>
 */
import { createHost } from "./host/create-host.ts";
import { unmountBeneath } from "./host/mounts.ts";
import { readOwner } from "./host/owner.ts";
import { isAlive, signal } from "./host/process-record.ts";
import { until } from "./host/wait.ts";
import { removeNetwork } from "./network/remove-network.ts";

const agentStopMs = 10_000;

const stateDir = process.argv[2];
if (stateDir === undefined) throw new Error("usage: remove.ts <state directory>");
const host = createHost(stateDir);
const agent = readOwner(host.names.runtimeDir)?.agent;
if (agent !== undefined) {
  // Ours is the supervisor's child and gone with it; one that was started by hand is still here.
  signal(agent, "SIGTERM");
  if (!(await until(() => !isAlive(agent), { timeoutMs: agentStopMs }))) signal(agent, "SIGKILL");
}
await host.remove();
await removeNetwork(host.names);
// Volumes of secrets are memory file systems below the state directory.
await unmountBeneath(host.names.stateDir);
