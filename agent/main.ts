#!/usr/bin/env node
/**
 * `kedge-agent`: joins this host to a cluster and runs the pods that are bound to it. SIGTERM or SIGINT end it; pods
 * and containerd go on, and the next start adopts them.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { Agent } from "./agent.ts";
import { systemClock } from "./clock.ts";
import { createHost } from "./host/create-host.ts";
import { readIdentity, writeIdentity, type Identity } from "./link/identity.ts";
import { joinCluster, readJoinToken } from "./link/join.ts";
import { defaultNodeName, hostFacts, joiningStatus, nodeLabels, nodeStatus } from "./link/node-status.ts";
import { createLog, isLevel } from "./log.ts";
import { createNetwork } from "./network/create-network.ts";
import { CriRuntime } from "./runtime/cri/cri-runtime.ts";

interface Options {
  server?: string;
  joinTokenFile?: string;
  stateDir: string;
  nodeName: string;
  caFile?: string;
  labels: Record<string, string>;
  install: boolean;
  logLevel: string;
}

const program = new Command("kedge-agent")
  .description("Joins this host to a kedge cluster and runs its pods.")
  .option("--server <url>", "the control plane's https URL (needed for the first start)")
  .option("--join-token-file <file>", "a file with the join token; - or nothing: standard input")
  .option("--state-dir <dir>", "where the agent keeps its state", "/var/lib/kedge")
  .option("--node-name <name>", "this node's name", defaultNodeName())
  .option("--ca-file <file>", "PEM of the CA of the server (else the join token pins it, else the system's are used)")
  .option("--labels <key=value,...>", "labels of the node", parseLabels, {})
  .option("--no-install", "do not install missing packages (containerd, runc, CNI plugins, nftables)")
  .option("--log-level <level>", "debug, info, warn or error", "info");

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(text.split(",").filter((part) => part !== "").map((part) => {
    const at = part.indexOf("=");
    return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
  }));
}

async function main(options: Options): Promise<void> {
  if (!isLevel(options.logLevel)) throw new Error(`--log-level: ${options.logLevel} is none of debug, info, warn, error`);
  const log = createLog(options.logLevel);
  if (process.getuid?.() !== 0) throw new Error("containers need root: run kedge-agent with sudo");
  const host = createHost(options.stateDir);
  const folder = join(host.names.stateDir, "agent");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await host.ensurePackages({ mayInstall: options.install, report: (line) => log.info({}, line) });
  const { socket } = await host.ensureContainerd();
  const keeping = new AbortController();
  host.keepContainerd(keeping.signal, (line) => log.warn({}, line));
  const runtime = new CriRuntime(socket);
  const identityFile = join(folder, "identity.json");
  const known = readIdentity(identityFile);
  // Without a file, standard input is only asked for by a first start: a service has none to give later.
  const isAsked = known === undefined || options.joinTokenFile !== undefined;
  const token = await (isAsked ? readJoinToken(options.joinTokenFile) : Promise.resolve(undefined)).catch((error: unknown) => {
    throw new Error(`the join token could not be read: ${String(error)}`);
  });
  const joinWith = async (before: Identity | undefined): Promise<Identity> => {
    const joined = await joinAs(options, { token, known: before, folder });
    writeIdentity(identityFile, joined);
    return joined;
  };
  const identity = nextSession(identityFile, options, known ?? (await joinWith(undefined)));
  const ended = Promise.withResolvers<number>();
  const { nodeName, podCidr, clusterCidr, serviceCidr, dnsAddress, clusterDomain } = identity;
  const network = createNetwork(
    { name: host.names.name, stateDir: host.names.stateDir, podCidr, clusterCidr, serviceCidr, dnsAddress, clusterDomain, nodeName },
    { report: (line) => log.warn({}, line) },
  );
  const agent = new Agent({
    ...{ identity, folder, names: host.names, runtime, network, log, clock: systemClock },
    rejoin: async () => {
      if (token === undefined) return false;
      return await joinWith(identity).then(() => true, (error: unknown) => {
        log.error({ error: error instanceof Error ? error.message : String(error) }, "joining again failed");
        return false;
      });
    },
    onEnd: (why) => {
      log.warn({}, why);
      ended.resolve(1);
    },
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => ended.resolve(0));
  await agent.start();
  const code = await ended.promise;
  keeping.abort();
  await agent.stop();
  runtime.close();
  process.exit(code);
}

async function joinAs(options: Options, { token, known, folder }: { token: string | undefined; known: Identity | undefined; folder: string }): Promise<Identity> {
  const server = options.server ?? known?.server;
  if (server === undefined) throw new Error("--server is needed to join");
  if (token === undefined) throw new Error("a join token is needed: give it on standard input or with --join-token-file");
  const nodeName = known?.nodeName ?? options.nodeName;
  const facts = hostFacts({ nodeName, folder, containerRuntimeVersion: "" });
  const healthy = nodeStatus(facts, { images: [], before: undefined, nowMs: Date.now() });
  // An agent that joins again has its pods running all the while.
  const status = known === undefined ? joiningStatus(healthy) : healthy;
  const ca = options.caFile === undefined ? undefined : readFileSync(options.caFile, "utf8");
  const labels = { ...nodeLabels(nodeName), ...options.labels };
  return await joinCluster({ server, token, ca, request: { nodeName, labels, status }, key: known?.privateKey });
}

/** Takes the next session number, and the server's address and CA as they are given now. */
function nextSession(file: string, options: Options, identity: Identity): Identity {
  const ca = options.caFile === undefined ? identity.ca : readFileSync(options.caFile, "utf8");
  const next: Identity = { ...identity, server: options.server ?? identity.server, session: identity.session + 1, ...(ca !== undefined && { ca }) };
  writeIdentity(file, next);
  return next;
}

program.parse();
try {
  await main(program.opts<Options>());
} catch (error) {
  process.stderr.write(`kedge-agent: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
