/**
 * `npm run rotate-encryption-key`: another key encrypts Secrets at rest. A step that was interrupted is taken up again by
 * the next run: every key stays until nothing is encrypted with it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiClient, apiClient } from "./api-client.ts";
import { runCommand, stateDirCommand } from "./command.ts";
import { loadLaunch } from "./launch.ts";
import { type StatePaths, statePaths } from "./paths.ts";
import { recordedPid } from "./process-record.ts";
import { addEncryptionKey, dropOldEncryptionKeys, ensureSecrets } from "./secrets.ts";

const { stateDir } = stateDirCommand("rotate-encryption-key", "Replaces the key that encrypts Secrets at rest, and encrypts them anew.").parse().opts<{ stateDir: string }>();
const patienceMs = 60_000;

await runCommand(async () => {
  const paths = statePaths(stateDir);
  const pid = recordedPid(paths.supervisorRecord);
  if (pid === undefined) throw new Error("the control plane does not run: start it first");
  const ca = readFileSync(join(paths.secrets, "ca.crt"), "utf8");
  const client = apiClient({ server: loadLaunch(paths).server, ca, token: ensureSecrets(paths).adminToken });
  try {
    addEncryptionKey(paths);
    const count = await resealWith(paths, pid, client);
    dropOldEncryptionKeys(paths);
    process.kill(pid, "SIGHUP");
    console.log(`another key encrypts now; ${count} rows were encrypted anew, and the keys before it are gone`);
  } finally {
    client.close();
  }
});

/** Restarts the control plane with the keys on disk, and has it go over everything. */
async function resealWith(paths: StatePaths, pid: number, client: ApiClient): Promise<number> {
  const before = recordedPid(paths.workerdRecord);
  process.kill(pid, "SIGHUP");
  const deadline = Date.now() + patienceMs;
  for (let count = 0;;) {
    const isNew = recordedPid(paths.workerdRecord) !== before;
    const answer = isNew ? await client.call("POST", "/kedge/v1/encryptionkeys/reseal").catch(() => undefined) : undefined;
    if (isProgress(answer?.body)) {
      count += answer.body.resealed;
      if (answer.body.isDone) return count;
      continue;
    }
    if (Date.now() > deadline) throw new Error(`nothing was encrypted anew: ${JSON.stringify(answer ?? "no answer")}; run this again`);
    await sleep(200);
  }
}

function isProgress(body: unknown): body is { resealed: number; isDone: boolean } {
  return typeof body === "object" && body !== null && "resealed" in body && "isDone" in body;
}
