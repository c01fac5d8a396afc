/**
 * The long-lived process of a local cluster. Loads nothing large: it and workerd together are to stay below 300 MB.
 * Runs as a bundle, with what ./start.ts prepared: node dist/kedge-local.mjs <state directory>
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentProcess } from "./agent-process.ts";
import { type ApiClient, apiClient } from "./api-client.ts";
import { caHash } from "./certificates.ts";
import { runExample } from "./example.ts";
import { requestJoinToken } from "./join-tokens.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { type Launch, loadLaunch } from "./launch.ts";
import { reporter } from "./log.ts";
import { readMigrations } from "./migrations.ts";
import { type StatePaths, statePaths } from "./paths.ts";
import { recordProcess } from "./process-record.ts";
import { ensureSecrets, sha256Hex, writePrivately } from "./secrets.ts";
import { Workerd, maintain, maintenancePath } from "./workerd.ts";

const report = reporter("kedge");
const readyTimeoutMs = 60_000;

async function main(paths: StatePaths, launch: Launch): Promise<void> {
  recordProcess(paths.supervisorRecord, process.pid);
  const stopping = new AbortController();
  const secretFile = (name: string) => readFileSync(join(paths.secrets, name), "utf8");
  const ca = secretFile("ca.crt");
  const workerd = new Workerd({
    paths,
    binary: launch.workerdBinary,
    apiAddress: `${launch.host.includes(":") ? `[${launch.host}]` : launch.host}:${launch.port}`,
    report: reporter("control-plane"),
    secrets: () => bindingSecrets(paths),
  });
  const client = () => apiClient({ server: launch.server, socketPath: maintenancePath(paths), token: ensureSecrets(paths).adminToken });
  let agent: AgentProcess | undefined;

  async function stop(): Promise<void> {
    if (stopping.signal.aborted) return;
    stopping.abort();
    report("stopping; pods go on running (npm run down removes them)");
    await agent?.stop();
    await workerd.stop();
    rmSync(paths.supervisorRecord, { force: true });
    process.exit(0);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
  // After a rotation of the admin's token (./rotate-token.ts) or of the encryption key (./rotate-encryption-key.ts).
  process.on("SIGHUP", () => void rotate());
  async function rotate(): Promise<void> {
    report("a secret was rotated; starting workerd with the new one");
    writeKubeconfig(paths, launch, ca);
    await workerd.restart().catch((error: unknown) => report(String(error)));
  }

  try {
    await workerd.start();
    await maintain(paths, "/migrations", readMigrations(launch.migrationsDir));
    await untilReady(client());
  } catch (error) {
    report(`the control plane did not start: ${error instanceof Error ? error.message : String(error)}`);
    await workerd.stop();
    rmSync(paths.supervisorRecord, { force: true });
    process.exit(1);
  }
  writeKubeconfig(paths, launch, ca);
  report(`the API answers at ${launch.server}   (kubeconfig: ${paths.kubeconfig})`);
  void fireCron(paths, launch.cron, stopping.signal);
  if (launch.agent !== undefined) {
    agent = new AgentProcess({
      bundle: launch.agent,
      server: launch.server,
      caFile: join(paths.secrets, "ca.crt"),
      stateDir: paths.dir,
      nodeName: launch.nodeName,
      report: reporter("agent"),
      joinToken: () => requestJoinToken(client(), { nodeName: launch.nodeName, caSha256: caHash(ca) }),
    });
    await agent.start();
  }
  if (launch.example) await runExample({ paths, client: client(), report, signal: stopping.signal });
}

function bindingSecrets(paths: StatePaths): Record<string, string> {
  const { adminToken, encryptionKeys } = ensureSecrets(paths);
  return { ADMIN_TOKEN_SHA256: sha256Hex(adminToken), ENCRYPTION_KEYS: encryptionKeys };
}

function writeKubeconfig(paths: StatePaths, launch: Launch, ca: string): void {
  const text = kubeconfigText({ server: launch.server, ca, token: ensureSecrets(paths).adminToken });
  writePrivately(paths.kubeconfig, text);
}

async function untilReady(client: ApiClient): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  for (;;) {
    const answer = await client.call("GET", "/readyz").catch((error: unknown) => ({ status: 0, body: String(error) }));
    if (answer.status === 200) return client.close();
    if (Date.now() > deadline) throw new Error(`/readyz: ${answer.status} ${JSON.stringify(answer.body)}`);
    await sleep(100);
  }
}

/** What Cloudflare does in production and workerd alone does not: fires the scheduled handler each minute. */
async function fireCron(paths: StatePaths, cron: string, signal: AbortSignal): Promise<void> {
  const cronReport = reporter("cron");
  for (;;) {
    const untilNextMinuteMs = 60_000 - (Date.now() % 60_000);
    await sleep(untilNextMinuteMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await maintain(paths, "/scheduled", { cron }).catch((error: unknown) => cronReport(`failed: ${String(error)}`));
  }
}

const paths = statePaths(process.argv[2] ?? "");
await main(paths, loadLaunch(paths));
