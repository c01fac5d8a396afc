/**
 * `node agent/down.ts --state-dir DIR`: takes away all that the node of a state directory has on this host, running or
 * not. `--sweep FOLDER` does it for every state directory under a folder whose agent is gone: what killed runs left.
 */
import { stderr, stdout } from "node:process";
import { Command } from "commander";
import { removeNode, sweepNodes } from "./host/remove-node.ts";

interface DownOptions {
  stateDir?: string;
  sweep?: string;
}

async function down({ stateDir, sweep }: DownOptions): Promise<void> {
  if (stateDir === undefined && sweep === undefined) throw new Error("say what to remove: --state-dir DIR or --sweep FOLDER");
  if (stateDir !== undefined) await removeNode(stateDir);
  if (sweep === undefined) return;
  for (const removed of await sweepNodes(sweep)) stdout.write(`removed what a run left in ${removed}\n`);
}

const command = new Command("down")
  .description("Removes pods, containerd, network and cgroups of a state directory from this host.")
  .option("--state-dir <dir>", "state directory of the node")
  .option("--sweep <folder>", "every state directory under this folder whose agent is gone");
command.parse();
await down(command.opts<DownOptions>()).catch((error: Error) => {
  stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
