/** Each measure makes a namespace of its own, measures, and removes what it made. All are bounded in count and time. */
import { eventually } from "../e2e/harness/eventually.ts";
import { HollowNodes } from "./hollow-nodes.ts";
import { percentile, rounded, sideBySide } from "./statistics.ts";
import type { AnyObject, Target } from "./target.ts";

export interface Context {
  target: Target;
  namespace: string;
  pods: number;
}

export type Figures = Record<string, number | string>;

const padding = "x".repeat(1024);
export const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { padding } });
export const core = (namespace: string, resource: string) => `/api/v1/namespaces/${namespace}/${resource}`;
const apps = (namespace: string, resource: string) => `/apis/apps/v1/namespaces/${namespace}/${resource}`;

export async function creates({ target, namespace }: Context): Promise<Figures> {
  const path = core(namespace, "configmaps");
  const create = (name: string) => target.call("POST", path, configMap(name));
  await sideBySide({ count: 200, clients: 16 }, (index) => create(`warm-${index}`));
  const one = await sideBySide({ count: 300, clients: 1 }, (index) => create(`one-${index}`));
  const many = await sideBySide({ count: 4000, clients: 64 }, (index) => create(`many-${index}`));
  return {
    "creates/s at 64 clients": many.perSecond,
    "create p50 at 64 clients, ms": percentile(many.times, 0.5),
    "create p99 at 64 clients, ms": percentile(many.times, 0.99),
    "create p50 at 1 client, ms": percentile(one.times, 0.5),
  };
}

export async function gets({ target, namespace }: Context): Promise<Figures> {
  const path = core(namespace, "configmaps");
  await target.call("POST", path, configMap("get"));
  await sideBySide({ count: 500, clients: 16 }, () => target.call("GET", `${path}/get`));
  const many = await sideBySide({ count: 8000, clients: 64 }, () => target.send("GET", `${path}/get`));
  const one = await sideBySide({ count: 500, clients: 1 }, () => target.send("GET", `${path}/get`));
  return { "GET/s at 64 clients": many.perSecond, "GET p50 at 1 client, ms": percentile(one.times, 0.5) };
}

/** A pod of some 3 KB that nobody schedules, so that it costs nothing but its place. */
function idlePod(name: string): unknown {
  const env = Array.from({ length: 16 }, (_, index) => ({ name: `VARIABLE_${index}`, value: "v".repeat(64) }));
  const containers = [{ name: "app", image: "app:1", env, resources: { requests: { cpu: "10m", memory: "16Mi" } } }];
  const spec = { schedulerName: "nobody", restartPolicy: "Always", terminationGracePeriodSeconds: 0, containers };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: "idle" } }, spec };
}

export async function lists({ target, namespace, pods }: Context): Promise<Figures> {
  const path = core(namespace, "pods");
  const fill = await sideBySide({ count: pods, clients: 32 }, (index) => target.call("POST", path, idlePod(`idle-${index}`)));
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const at = performance.now();
    const found = await listAll(target, path);
    if (found !== pods) throw new Error(`the list has ${found} pods, not ${pods}`);
    times.push(performance.now() - at);
  }
  return { [`LIST of ${pods} pods in pages of 500, ms`]: percentile(times, 0.5), "pod creates/s at 32 clients": fill.perSecond };
}

async function listAll(target: Target, path: string): Promise<number> {
  let count = 0;
  let next = "";
  do {
    const { text } = await target.send("GET", `${path}?limit=500${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`);
    const page: { items: AnyObject[]; metadata: { continue?: string } } = JSON.parse(text);
    count += page.items.length;
    next = page.metadata.continue ?? "";
  } while (next !== "");
  return count;
}

export async function watches({ target, namespace }: Context): Promise<Figures> {
  const path = core(namespace, "configmaps");
  const sent = new Map<string, number>();
  const delays: number[] = [];
  const answers: number[] = [];
  const stop = await target.watch(path, ({ type, object }, atMs) => {
    const startedAt = sent.get(object.metadata.name);
    if (type === "ADDED" && startedAt !== undefined) delays.push(atMs - startedAt);
  });
  for (let index = 0; index < 200; index++) {
    const at = performance.now();
    sent.set(`watched-${index}`, at);
    await target.call("POST", path, configMap(`watched-${index}`));
    answers.push(performance.now() - at);
  }
  await eventually(() => assert(delays.length === 200, `${delays.length} of 200 events came`), { timeoutMs: 5_000 });
  stop();
  return { "watch delivery from the write's start p50, ms": percentile(delays, 0.5), "the write's answer p50, ms": percentile(answers, 0.5) };
}

function deployment(name: string, options: { replicas: number; version: string; selector: Record<string, string> }): unknown {
  const labels = { app: name };
  const containers = [{ name: "app", image: "app:1", env: [{ name: "VERSION", value: options.version }] }];
  const spec = { containers, nodeSelector: options.selector, terminationGracePeriodSeconds: 0 };
  const template = { metadata: { labels }, spec };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec: { replicas: options.replicas, selector: { matchLabels: labels }, template } };
}

export async function deployments({ target, namespace }: Context): Promise<Figures> {
  const nodes = new HollowNodes({ target, namespace, prefix: `${namespace}-node`, count: 10 });
  await nodes.start();
  try {
    const selector = { hollow: `${namespace}-node` };
    const times = await rolledOut({ target, namespace }, { replicas: 100, selector });
    return { "100 replicas: all bound, s": times.boundS, "100 replicas: available, s": times.availableS, "100 replicas: rolled, s": times.rolledS };
  } finally {
    await emptied(target, namespace);
    await nodes.stop();
  }
}

interface Deploy {
  replicas: number;
  selector: Record<string, string>;
}

/** Times of a Deployment's creation and of a change of its template, in seconds, seen by watches. */
export async function rolledOut({ target, namespace }: Pick<Context, "target" | "namespace">, { replicas, selector }: Deploy) {
  const seconds = (from: number) => rounded((performance.now() - from) / 1000);
  const bound = new Set<string>();
  const stopPods = await target.watch(core(namespace, "pods"), ({ object }) => {
    if (object.spec?.nodeName) bound.add(object.metadata.uid ?? "");
  });
  let latest: AnyObject | undefined;
  const stopDeployments = await target.watch(apps(namespace, "deployments"), ({ object }) => (latest = object));
  const isDone = (generation: number) => {
    const { observedGeneration, updatedReplicas, availableReplicas, replicas: total } = latest?.status ?? {};
    const counts = `${String(updatedReplicas)} updated, ${String(availableReplicas)} available, ${String(total)} in all`;
    assert(observedGeneration === generation && updatedReplicas === replicas && availableReplicas === replicas && total === replicas, counts);
  };
  try {
    const createdAt = performance.now();
    await target.call("POST", apps(namespace, "deployments"), deployment("bench", { replicas, version: "1", selector }));
    const boundS = eventually(() => assert(bound.size >= replicas, `${bound.size} bound`), quickly).then(() => seconds(createdAt));
    const availableS = eventually(() => isDone(1), quickly).then(() => seconds(createdAt));
    const created = { boundS: await boundS, availableS: await availableS };
    const changedAt = performance.now();
    await target.call("PUT", `${apps(namespace, "deployments")}/bench`, deployment("bench", { replicas, version: "2", selector }));
    await eventually(() => isDone(2), quickly);
    return { ...created, rolledS: seconds(changedAt) };
  } finally {
    stopPods();
    stopDeployments();
  }
}

const quickly = { timeoutMs: 60_000, intervalMs: 2 };

export async function emptied(target: Target, namespace: string): Promise<void> {
  await target.remove(`${apps(namespace, "deployments")}/bench`);
  await eventually(async () => {
    const { items } = await target.call<{ items: AnyObject[] }>("GET", core(namespace, "pods"));
    assert(items.length === 0, `${items.length} pods are left`);
  });
}

export function assert(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
