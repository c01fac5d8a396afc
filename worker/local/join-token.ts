/** `npm run join-token`: a token for one more host, and the command to run there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiClient } from "./api-client.ts";
import { caHash } from "./certificates.ts";
import { runCommand, stateDirCommand } from "./command.ts";
import { requestJoinToken } from "./join-tokens.ts";
import { loadLaunch } from "./launch.ts";
import { statePaths } from "./paths.ts";
import { ensureSecrets } from "./secrets.ts";

const options = stateDirCommand("join-token", "Prints a one-time token (valid for one hour) and the command that joins a host.")
  .option("--node <name>", "the token is for this node only")
  .parse()
  .opts<{ stateDir: string; node?: string }>();

await runCommand(async () => {
  const paths = statePaths(options.stateDir);
  const launch = loadLaunch(paths);
  const ca = readFileSync(join(paths.secrets, "ca.crt"), "utf8");
  const client = apiClient({ server: launch.server, ca, token: ensureSecrets(paths).adminToken });
  const node = options.node === undefined ? {} : { nodeName: options.node };
  const token = await requestJoinToken(client, { caSha256: caHash(ca), ...node });
  console.log(`On the host that joins (as root), with a copy of this repository:

  npm run -s agent -- --server ${launch.publicServer} --state-dir /var/lib/kedge --join-token-file - <<'TOKEN'
${token}
TOKEN

The token works once, within an hour, and carries the hash of this cluster's CA: nothing else needs to be trusted.`);
  if (launch.host === "127.0.0.1") console.log("The API listens on loopback only; start it with --listen 0.0.0.0 first.");
});
