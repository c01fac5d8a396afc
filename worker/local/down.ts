/** `npm run down`: removes a cluster and all that it has on this machine. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync, rmSync } from "node:fs";
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
  refuseMounts(paths.dir);
  for (const folder of [paths.sockets, paths.dir]) rmSync(folder, { recursive: true, force: true });
  console.log(`removed ${paths.dir} and everything that belonged to it`);
});

/** Deleting would reach through a mount into what is somebody else's. */
function refuseMounts(dir: string): void {
  const beneath = `${realpathSync(dir).replaceAll(" ", "\\040")}/`;
  const points = readFileSync("/proc/self/mounts", "utf8").split("\n").map((line) => line.split(" ")[1] ?? "");
  const mounted = points.find((point) => point.startsWith(beneath));
  if (mounted !== undefined) throw new Error(`${mounted} is still mounted; unmount it, then try again`);
}

/** The agent's side is a program of its own: worker and agent never import each other. */
async function removeFromHost(paths: StatePaths): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const command = [join(repository, "agent/down.ts"), "--state-dir", paths.dir];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { timeout: removeTimeoutMs });
  process.stdout.write(stdout + stderr);
}
