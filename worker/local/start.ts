/** `npm start`: prepares what the control plane of this machine needs, then becomes its supervisor. */
import { copyFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname, networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { bundle } from "./build.ts";
import { definedEnvironment, leanMalloc, runCommand } from "./command.ts";
import { ensureCertificates } from "./certificates.ts";
import { saveLaunch } from "./launch.ts";
import { defaultStateDir, makeStateFolders, repository, type StatePaths, statePaths } from "./paths.ts";
import { choosePort } from "./ports.ts";
import { recordedPid } from "./process-record.ts";
import { ensureSecrets, writePrivately } from "./secrets.ts";
import { loadSettings, saveSettings, type Settings } from "./settings.ts";
import { toolPath } from "./tools.ts";
import { workerdBinary } from "./workerd.ts";
import { workerdConfig } from "./workerd-config.ts";
import { workerOptions } from "./worker-options.ts";

interface StartOptions {
  port?: number;
  listen: string;
  stateDir: string;
  agent: boolean;
  example: boolean;
}

const command = new Command("npm start --")
  .description("Starts a kedge cluster on this machine: control plane, agent and an example. Ctrl-C stops it; pods stay.")
  .option("--port <port>", "port of the API (default: the one it had, else the first free one from 6443)", parsePort)
  .option("--listen <address>", "address of the API; 0.0.0.0 lets other hosts join", "127.0.0.1")
  .option("--state-dir <dir>", "where everything is kept", defaultStateDir)
  .option("--no-agent", "control plane only")
  .option("--no-example", "do not apply examples/")
  .helpOption("--help", "show this help");

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new InvalidArgumentError("a port is 1 to 65535");
  return port;
}

/**
 * The isolate is held to 128 MB, as in production: 112 and two semi-spaces. Each collection is a whole one, because what
 * workerd keeps outside V8's heap for an object that has survived two small ones (a request, a response, a stub) is
 * freed by a whole one only, and V8, which does not see it, asks for one too rarely: 70 MB less with 5,000 pods, for a
 * third more CPU where there are many writers. Code that is in use is then not to be thrown away each time. Pages that a
 * collection empties go back at once: V8 would keep up to 30 MB of them for eight seconds, and is no faster for it.
 */
const v8Flags = ["--max-old-space-size=112", "--max-semi-space-size=8", "--gc-global", "--no-flush-bytecode", "--no-memory-pool"];
/** The supervisor waits most of the time: no compilers, no threads of V8 for a few megabytes more. */
const nodeFlags = ["--lite-mode", "--single-threaded", "--max-old-space-size=48", "--max-semi-space-size=1", "--disable-warning=ExperimentalWarning"];

async function start(options: StartOptions): Promise<void> {
  const paths = statePaths(options.stateDir);
  const running = recordedPid(paths.supervisorRecord);
  if (running !== undefined) throw new Error(`a control plane with this state directory runs already (pid ${running})`);
  if (options.agent && process.getuid?.() !== 0) throw new Error("containers need root: use sudo npm start, or --no-agent");
  makeStateFolders(paths);
  const settings = loadSettings(paths);
  const port = await choosePort({ asked: options.port, kept: settings.port, host: options.listen });
  saveSettings(paths, { ...settings, port });
  ensureSecrets(paths);
  const [worker, supervisor, agent] = await Promise.all([
    bundle("worker"),
    bundle("supervisor"),
    options.agent ? bundle("agent") : undefined,
    ensureCertificates(paths, certificateNames(options.listen)),
  ]);
  const server = `https://${urlHost(options.listen)}:${port}`;
  const { cron, migrationsDir } = writeWorkerdConfig(paths, { worker, server, settings });
  if (options.example) toolPath("kubectl");
  saveLaunch(paths, {
    host: options.listen,
    port,
    server: `https://${localHost(options.listen)}:${port}`,
    publicServer: server,
    cron,
    migrationsDir,
    workerdBinary: workerdBinary(repository),
    ...(agent === undefined ? {} : { agent }),
    nodeName: hostname().toLowerCase().replace(/[^a-z0-9.-]/g, "-"),
    example: options.example && options.agent,
  });
  process.removeAllListeners("warning");
  process.execve?.(process.execPath, [process.execPath, ...nodeFlags, supervisor, paths.dir], { ...definedEnvironment(), ...leanMalloc });
}

/** workerd reads the bundle when it starts, also after a crash: it gets a copy that a later build leaves alone. */
function writeWorkerdConfig(paths: StatePaths, made: { worker: string; server: string; settings: Settings }) {
  const options = workerOptions();
  const secretFile = (name: string) => readFileSync(join(paths.secrets, name), "utf8");
  const ca = secretFile("ca.crt");
  const worker = join(paths.dir, "worker.mjs");
  copyFileSync(made.worker, worker);
  const miniflare = createRequire(join(repository, "package.json")).resolve("miniflare");
  const text = workerdConfig({
    ...options,
    worker,
    platform: join(repository, "worker/local"),
    miniflareWorkers: join(dirname(miniflare), "workers"),
    variables: {
      ...options.variables,
      SERVICE_CIDR: made.settings.serviceCidr,
      CLUSTER_CIDR: made.settings.clusterCidr,
      PUBLIC_URL: made.server,
      ROOT_CERTIFICATE: ca,
      ...(process.env["WEBHOOK_ALLOW_PRIVATE"] === undefined ? {} : { WEBHOOK_ALLOW_PRIVATE: process.env["WEBHOOK_ALLOW_PRIVATE"] }),
    },
    secrets: ["ADMIN_TOKEN_SHA256", "ENCRYPTION_KEYS"],
    // With the CA: an agent that joins knows its hash only.
    tls: { certificateChain: secretFile("server.crt") + ca, privateKey: secretFile("server.key") },
    storage: { d1: paths.d1, objects: paths.objects },
    v8Flags,
  });
  writePrivately(paths.workerdConfig, text);
  return options;
}

const isEveryAddress = (address: string) => address === "0.0.0.0" || address === "::";
const localHost = (address: string) => (isEveryAddress(address) ? "127.0.0.1" : bracketed(address));
const bracketed = (address: string) => (address.includes(":") ? `[${address}]` : address);

/** What other hosts call this one: its first address that is not loopback, when it listens on all of them. */
function urlHost(address: string): string {
  return isEveryAddress(address) ? bracketed(hostAddresses()[0] ?? "127.0.0.1") : bracketed(address);
}

function hostAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.filter((one) => !one.internal && !one.address.startsWith("fe80:")).map((one) => one.address);
}

function certificateNames(listen: string): string[] {
  const always = ["localhost", "127.0.0.1", "::1"];
  const listened = isEveryAddress(listen) ? [hostname(), ...hostAddresses()] : [listen];
  return [...new Set([...always, ...listened])];
}

await runCommand(() => start(command.parse().opts<StartOptions>()));
