/** `npm run rotate-token`: a new admin token; the old one stops working at once. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand, stateDirCommand } from "./command.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { loadLaunch } from "./launch.ts";
import { statePaths } from "./paths.ts";
import { recordedPid } from "./process-record.ts";
import { ensureSecrets, replaceAdminToken, writePrivately } from "./secrets.ts";

const { stateDir } = stateDirCommand("rotate-token", "Replaces the admin's token and the kubeconfig.").parse().opts<{ stateDir: string }>();

await runCommand(async () => {
  const paths = statePaths(stateDir);
  const launch = loadLaunch(paths);
  replaceAdminToken(paths);
  const ca = readFileSync(join(paths.secrets, "ca.crt"), "utf8");
  writePrivately(paths.kubeconfig, kubeconfigText({ server: launch.server, ca, token: ensureSecrets(paths).adminToken }));
  const pid = recordedPid(paths.supervisorRecord);
  if (pid !== undefined) process.kill(pid, "SIGHUP");
  console.log(`the admin token was replaced; ${paths.kubeconfig} has the new one`);
});
