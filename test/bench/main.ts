/**
 * `npm run bench`: figures of a Kubernetes API as JSON.
 *     --server URL --token-file F --ca-file F   any API (or KEDGE_SERVER, KEDGE_TOKEN); else a cluster of this machine:
 *     --state-dir DIR                           also its processes, real pods, rows of D1 and CPU a request
 *     --only creates,gets,…   --pods N          `validation` needs no cluster
 */
import { customResources } from "./custom-resources.ts";
import { d1Rows } from "./d1-rows.ts";
import { eventually } from "../e2e/harness/eventually.ts";
import { assert, type Context, creates, deployments, emptied, type Figures, gets, lists, watches } from "./measures.ts";
import { residentMemory } from "./processes.ts";
import { realPods } from "./real-pods.ts";
import { requestCpu } from "./request-cpu.ts";
import { settings, Target } from "./target.ts";
import { validation } from "./validation.ts";

type Measure = (context: Context) => Promise<Figures>;

const everywhere: Record<string, Measure> = { creates, gets, watches, deployments, lists, customResources };
const onThisMachine: Record<string, Measure> = { realPods, d1Rows, ...everywhere, requestCpu };

const { only, pods, targetOptions } = settings(process.argv.slice(2));
const figures: Figures = {};
const isChosen = (name: string) => only.length === 0 || only.includes(name);

async function measureCluster(target: Target): Promise<void> {
  const { stateDir } = target.options;
  const measures = stateDir === undefined ? everywhere : onThisMachine;
  if (stateDir) Object.assign(figures, residentMemory(stateDir, "at first"));
  for (const [name, measure] of Object.entries(measures)) {
    if (!isChosen(name)) continue;
    await measured(target, name, measure);
  }
  target.close();
}

/** A measure in a namespace of its own, which is removed with all that is in it. */
async function measured(target: Target, name: string, measure: Measure): Promise<void> {
  const { stateDir } = target.options;
  const namespace = `bench-${name.toLowerCase()}-${Date.now().toString(36)}`;
  await target.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  try {
    console.error(`measuring ${name}`);
    Object.assign(figures, await measure({ target, namespace, pods }));
    if (stateDir && name === "lists") Object.assign(figures, residentMemory(stateDir, `with ${pods} pods`));
  } catch (error) {
    figures[`${name} failed`] = String(error);
  } finally {
    if (name === "deployments") await emptied(target, namespace).catch(() => undefined);
    await removed(target, `/api/v1/namespaces/${namespace}`).catch((error: unknown) => console.error(String(error)));
  }
}

/** To its end: the next measure is not to be one of this removal. */
async function removed(target: Target, path: string): Promise<void> {
  await target.remove(path);
  await eventually(async () => assert((await target.send("GET", path)).status === 404, `${path} is still there`), { timeoutMs: 60_000, intervalMs: 100 });
}

if (isChosen("validation")) Object.assign(figures, validation());
if (only.length === 0 || only.some((name) => name !== "validation")) await measureCluster(new Target(targetOptions()));
console.log(JSON.stringify(figures, undefined, 2));
process.exit(Object.keys(figures).some((name) => name.endsWith(" failed")) ? 1 : 0);
