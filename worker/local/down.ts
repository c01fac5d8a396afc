/** `npm run down`: removes a cluster and all that it has on this machine. */
import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { runCommand, stateDirCommand } from "./command.ts";
import { repository, type StatePaths, statePaths } from "./paths.ts";
import { endRecorded } from "./process-record.ts";

const { stateDir } = stateDirCommand("down", "Removes a cluster: pods, containerd, network, control plane and all of its files.")
  .parse()
  .opts<{ stateDir: string }>();

const stopGraceMs = 20_000;
const removeTimeoutMs = 120_000;

await runCommand(async () => {
  const paths = statePaths(stateDir);
  if (!existsSync(paths.dir)) return console.log(`nothing to remove: there is no ${paths.dir}`);
  if (!existsSync(paths.settings)) throw new Error(`${paths.dir} is not a state directory of kedge; nothing was removed`);
  await endRecorded(paths.supervisorRecord, { graceMs: stopGraceMs });
  await endRecorded(paths.workerdRecord, { graceMs: 0 });
  await removeFromHost(paths);
  for (const folder of [paths.sockets, paths.dir]) rmSync(folder, { recursive: true, force: true });
  console.log(`removed ${paths.dir} and everything that belonged to it`);
});

/** The agent's side is a program of its own: worker and agent never import each other. */
async function removeFromHost(paths: StatePaths): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const command = [join(repository, "agent/down.ts"), "--state-dir", paths.dir];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { timeout: removeTimeoutMs });
  process.stdout.write(stdout + stderr);
}
