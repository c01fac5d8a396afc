/** Real pods on this machine's node: from the create's start to Ready, seen by a watch. */
import { eventually } from "../e2e/harness/eventually.ts";
import { type Context, type Figures, assert } from "./measures.ts";
import { percentile, rounded } from "./statistics.ts";

const image = "my-app-image:1.0";
const single = 10;
const together = 20;

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "app", image, imagePullPolicy: "IfNotPresent" }] },
});

export async function realPods({ target, namespace }: Context): Promise<Figures> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const readyAt = new Map<string, number>();
  const stop = await target.watch(path, ({ object }, atMs) => {
    const isReady = object.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    if (isReady && !readyAt.has(object.metadata.name)) readyAt.set(object.metadata.name, atMs);
  });
  const created = async (name: string) => {
    const at = performance.now();
    await target.call("POST", path, pod(name));
    await eventually(() => assert(readyAt.has(name), `${name} is not ready`), { timeoutMs: 30_000, intervalMs: 2 });
    return (readyAt.get(name) ?? 0) - at;
  };
  try {
    const times: number[] = [];
    for (let index = 0; index < single; index++) {
      times.push(await created(`single-${index}`));
      await target.remove(`${path}/single-${index}`);
    }
    const all = await Promise.all(Array.from({ length: together }, (_, index) => created(`together-${index}`)));
    return { "real pod create → Ready p50, s": rounded(percentile(times, 0.5) / 1000), "20 real pods at once, s": rounded(Math.max(...all) / 1000) };
  } finally {
    stop();
    for (let index = 0; index < together; index++) await target.remove(`${path}/together-${index}`);
  }
}
