/** `npm run rotate-signing-key`: another key signs service accounts' tokens from now on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiClient } from "./api-client.ts";
import { runCommand, stateDirCommand } from "./command.ts";
import { loadLaunch } from "./launch.ts";
import { statePaths } from "./paths.ts";
import { ensureSecrets } from "./secrets.ts";

const options = stateDirCommand("rotate-signing-key", "Has another key sign service accounts' tokens. Tokens that are there stay good.")
  .option("--revoke", "make every token that is there bad at once")
  .parse()
  .opts<{ stateDir: string; revoke?: boolean }>();

await runCommand(async () => {
  const paths = statePaths(options.stateDir);
  const ca = readFileSync(join(paths.secrets, "ca.crt"), "utf8");
  const client = apiClient({ server: loadLaunch(paths).server, ca, token: ensureSecrets(paths).adminToken });
  try {
    const { status, body } = await client.call("POST", `/kedge/v1/signingkeys${options.revoke ? "?revoke=true" : ""}`);
    if (status !== 201) throw new Error(`the key was not replaced: ${status} ${JSON.stringify(body)}`);
    console.log(`another key signs from now on; tokens that are there ${options.revoke ? "are bad now" : "stay good"}`);
  } finally {
    client.close();
  }
});
