/**
 * Applies the example with kubectl, as a user would, and shows its progress until all of it is ready. Only the first
 * start of a state directory does so: later ones leave alone what the user made of it.
 */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import { type Report, reportLines, reporter } from "./log.ts";
import { repository, type StatePaths } from "./paths.ts";
import { toolPath } from "./tools.ts";

export interface ExampleOptions {
  paths: StatePaths;
  client: ApiClient;
  report: Report;
  signal: AbortSignal;
}

const pollMs = 500;
const attempts = 5;
const retryMs = 1000;

export async function runExample({ paths, client, report, signal }: ExampleOptions): Promise<void> {
  const manifests = join(repository, "examples");
  if (!existsSync(manifests)) return;
  if (existsSync(paths.exampleRecord)) {
    report("the example was applied at the first start and is left as it is now (kubectl apply -f examples/ applies it again)");
    return client.close();
  }
  if (!(await untilNodeIsReady(client, report, signal))) return;
  report("building the example's image and putting it into the node");
  await runTool(process.execPath, [join(repository, "agent/load.ts"), "--example", "--state-dir", paths.dir], "images");
  report("applying the example (examples/)");
  const apply = () => runTool(toolPath("kubectl"), ["apply", "-f", manifests, "--kubeconfig", paths.kubeconfig], "kubectl");
  for (let attempt = 1; !(await apply()); attempt++) {
    if (attempt === attempts || signal.aborted) return report("the example could not be applied; see kubectl's message above");
    await sleep(retryMs * attempt * (0.5 + Math.random() / 2));
  }
  writeFileSync(paths.exampleRecord, `${new Date().toISOString()}\n`);
  const pods = await untilPodsAreReady(client, report, signal);
  if (!signal.aborted) for (const line of whatToTry(pods, paths)) report(line);
  client.close();
}

async function untilNodeIsReady(client: ApiClient, report: Report, signal: AbortSignal): Promise<boolean> {
  for (let told = false; !signal.aborted; await sleep(pollMs)) {
    const nodes = await itemsOf(client, "/api/v1/nodes");
    if (nodes.some(isReady)) return true;
    if (!told) report("waiting for the node to be ready");
    told = true;
  }
  return false;
}

/** True if the program ended well; what it says is reported under a name. */
function runTool(file: string, args: string[], name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    reportLines(child.stdout, reporter(name));
    reportLines(child.stderr, reporter(name));
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

async function untilPodsAreReady(client: ApiClient, report: Report, signal: AbortSignal): Promise<number> {
  for (let shown = ""; !signal.aborted; await sleep(pollMs)) {
    const [pods, wanted] = await Promise.all([itemsOf(client, "/api/v1/namespaces/default/pods"), wantedPods(client)]);
    const ready = pods.filter(isReady).length;
    const line = `${ready} of ${Math.max(wanted, pods.length)} pods ready`;
    if (line !== shown) report(line);
    shown = line;
    if (pods.length > 0 && pods.length >= wanted && ready === pods.length) return ready;
  }
  return 0;
}

/** Replicas that the workloads of the namespace ask for (a Deployment's ReplicaSets are counted through it). */
async function wantedPods(client: ApiClient): Promise<number> {
  const lists = await Promise.all(
    ["deployments", "replicasets", "statefulsets"].map((resource) => itemsOf(client, `/apis/apps/v1/namespaces/default/${resource}`)),
  );
  const independent = lists.flat().filter((item) => !item.metadata?.ownerReferences?.length);
  return independent.reduce((sum, item) => sum + (item.spec?.replicas ?? 1), 0);
}

/** The little of any object that progress is read from. */
interface Item {
  metadata?: { ownerReferences?: unknown[] };
  spec?: { replicas?: number };
  status?: { conditions?: { type: string; status: string }[] };
}

async function itemsOf(client: ApiClient, path: string): Promise<Item[]> {
  const { body } = await client.call("GET", path).catch(() => ({ body: undefined }));
  if (typeof body !== "object" || body === null || !("items" in body) || !Array.isArray(body.items)) return [];
  return body.items;
}

function isReady(item: Item): boolean {
  return item.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

function whatToTry(pods: number, paths: StatePaths): string[] {
  return [
    `all ${pods} pods are ready. In another terminal, try:`,
    "  npm run -s kubectl -- get pods -o wide",
    "  npm run -s kubectl -- get services,endpointslices",
    "  npm run -s kubectl -- scale deployment --all --replicas=5",
    "  npm run -s kubectl -- rollout restart deployment",
    `  export KUBECONFIG=${paths.kubeconfig}   # for a kubectl of your own`,
    "Ctrl-C stops kedge and leaves the pods running; npm run down removes everything.",
  ];
}
