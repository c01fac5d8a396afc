/** Rows of D1 that everyday things cost, and what an idle minute does, by the control plane's own counters. */
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../e2e/harness/eventually.ts";
import { HollowNodes } from "./hollow-nodes.ts";
import { assert, type Context, emptied, type Figures, rolledOut } from "./measures.ts";
import type { AnyObject, Target } from "./target.ts";

/** Prometheus' text format, as the control plane's /metrics gives it to the admin. */
async function counters(target: Target): Promise<Record<string, number>> {
  const { status, text } = await target.send("GET", "/metrics");
  assert(status === 200, `/metrics: ${status}`);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

const written = "kedge_d1_rows_written_total";
const read = "kedge_d1_rows_read_total";

async function rowsOf(target: Target, name: string, action: () => Promise<void>): Promise<Figures> {
  const before = await counters(target);
  await action();
  const after = await counters(target);
  const difference = (key: string) => (after[key] ?? Number.NaN) - (before[key] ?? Number.NaN);
  return { [`rows written, ${name}`]: difference(written), [`rows read, ${name}`]: difference(read) };
}

const settleMs = 3_000;
/** At most a minute after the last change something is due, and the next minute of the cron sees to it. */
const quietMs = 125_000;
const idleMs = 60_000;

export async function d1Rows(context: Context): Promise<Figures> {
  const busy = await busyRows(context);
  await sleep(quietMs);
  return { ...busy, ...(await rowsOf(context.target, "an idle minute", () => sleep(idleMs))) };
}

async function busyRows({ target, namespace }: Context): Promise<Figures> {
  const nodes = new HollowNodes({ target, namespace, prefix: `${namespace}-node`, count: 3 });
  await nodes.start();
  try {
    const selector = { hollow: `${namespace}-node` };
    const rollout = await rowsOf(target, "a rollout of 10 (create and roll over)", async () => {
      await rolledOut({ target, namespace }, { replicas: 10, selector });
      await sleep(settleMs);
    });
    await emptied(target, namespace);
    const pod = await rowsOf(target, "create pod to Running", async () => {
      await onePod(target, namespace, selector);
      await sleep(settleMs);
    });
    return { ...rollout, ...pod };
  } finally {
    await target.remove(`/api/v1/namespaces/${namespace}/pods/one`);
    await emptied(target, namespace);
    await nodes.stop();
  }
}

async function onePod(target: Target, namespace: string, nodeSelector: Record<string, string>): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const spec = { nodeSelector, containers: [{ name: "app", image: "app:1" }] };
  await target.call("POST", path, { apiVersion: "v1", kind: "Pod", metadata: { name: "one" }, spec });
  await eventually(async () => {
    const { status } = await target.call<AnyObject>("GET", `${path}/one`);
    assert(status?.phase === "Running", "the pod does not run");
  });
}
