/** CPU time of workerd, by kind of request: everything that it does for one, on all of its threads, what follows the answer included. */
import { readdirSync, readFileSync } from "node:fs";
import { recordedPid } from "../../worker/local/process-record.ts";
import { statePaths } from "../../worker/local/paths.ts";
import { type Context, core, type Figures, configMap } from "./measures.ts";
import { percentile, rounded, sideBySide } from "./statistics.ts";
import { typicalPod } from "./typical-pod.ts";

const count = 300;
const warmUp = 100;
const listed = 500;
const strategicMerge = "application/strategic-merge-patch+json";
const apply = "application/apply-patch+yaml";

export async function requestCpu({ target, namespace }: Context): Promise<Figures> {
  const pid = recordedPid(statePaths(target.options.stateDir ?? "").workerdRecord);
  if (pid === undefined) throw new Error("workerd does not run");
  const path = (resource: string) => core(namespace, resource);
  await sideBySide({ count: listed, clients: 16 }, (index) => target.call("POST", path("pods"), typicalPod(`listed-${index}`)));
  await target.call("POST", path("podtemplates"), podTemplate("patched"));
  await target.call("POST", path("configmaps"), configMap("read"));
  const requests: Record<string, (index: number) => Promise<unknown>> = {
    "GET of a ConfigMap": () => target.call("GET", `${path("configmaps")}/read`),
    "create of a ConfigMap": (index) => target.call("POST", path("configmaps"), configMap(`made-${index}`)),
    "create of a Pod": (index) => target.call("POST", path("pods"), typicalPod(`made-${index}`)),
    "strategic merge patch of a PodTemplate": (index) => target.call("PATCH", `${path("podtemplates")}/patched`, changed(index), strategicMerge),
    "server-side apply of a PodTemplate": (index) => target.call("PATCH", `${path("podtemplates")}/applied?fieldManager=bench`, podTemplate("applied", index), apply),
    [`LIST of ${listed} pods`]: () => target.send("GET", `${path("pods")}?limit=${listed}`),
  };
  const figures: Figures = {};
  for (const [name, request] of Object.entries(requests)) Object.assign(figures, await measured(pid, name, request));
  return figures;
}

async function measured(pid: number, name: string, request: (index: number) => Promise<unknown>): Promise<Figures> {
  const costs: number[] = [];
  let before = Number.NaN;
  for (let index = 0; index < warmUp + count; index++) {
    await request(index);
    const after = cpuMs(pid);
    if (index >= warmUp) costs.push(after - before);
    before = after;
  }
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  return { [`CPU of a ${name} p50, ms`]: percentile(costs, 0.5), [`CPU of a ${name} mean, ms`]: rounded(mean) };
}

/** Of all threads that live; exact, where /proc/PID/stat counts hundredths of a second. */
function cpuMs(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]));
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
}

/** A pod's whole schema, and nobody who acts on it. */
function podTemplate(name: string, index = 0): unknown {
  const { metadata, spec } = typicalPod(name);
  return { apiVersion: "v1", kind: "PodTemplate", metadata: { name, annotations: { index: String(index) } }, template: { metadata: { labels: metadata.labels }, spec } };
}

const changed = (index: number) => ({ template: { spec: { containers: [{ name: "app", image: `app:${index}` }] } } });
