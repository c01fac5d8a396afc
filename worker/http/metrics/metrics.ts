/**
 * `/metrics`, in Prometheus' text format: what this isolate answered (./request-metrics.ts; there may be many, and each
 * knows its own requests only), and what the store has and has cost since its present instance began.
 */
import { storeOf } from "../../objects/ports.ts";
import type { StoreStats } from "../../storage/store.ts";
import type { App } from "../context.ts";
import { seatCounts } from "../fairness.ts";
import { conversionText } from "./conversion-metrics.ts";
import { flowText } from "./flow-metrics.ts";
import { requestText } from "./request-metrics.ts";
import { Gauge, headOf } from "./series.ts";

interface Metric {
  name: string;
  type: "counter" | "gauge";
  help: string;
}

type Numbers = Omit<StoreStats, "objectsByResource">;

const metrics = {
  rowsRead: { name: "kedge_d1_rows_read_total", type: "counter", help: "Rows that D1 read." },
  rowsWritten: { name: "kedge_d1_rows_written_total", type: "counter", help: "Rows that D1 wrote." },
  queries: { name: "kedge_d1_queries_total", type: "counter", help: "Statements sent to D1." },
  commits: { name: "kedge_store_commits_total", type: "counter", help: "Groups of writes committed." },
  operations: { name: "kedge_store_operations_total", type: "counter", help: "Operations committed." },
  objects: { name: "kedge_store_objects", type: "gauge", help: "Objects that are stored." },
  textBytes: { name: "kedge_store_text_bytes", type: "gauge", help: "Bytes of object text held in memory." },
  watches: { name: "kedge_store_watches", type: "gauge", help: "Open watches." },
  pendingWakes: { name: "kedge_store_pending_wakes", type: "gauge", help: "Wakes that were not acknowledged yet." },
} satisfies Record<keyof Numbers, Metric>;

export function mountMetrics(app: App): void {
  app.get("/metrics", async (c) => {
    const stats = await storeOf(c.env).stats();
    const text = storeText(stats) + objectsText(stats) + requestText(Date.now()) + flowText(seatCounts()) + conversionText();
    return c.text(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });
}

function storeText(stats: StoreStats): string {
  const lines = Object.entries(metrics).map(([key, metric]) => {
    // The table has exactly the keys of the stats.
    const value = stats[key as keyof Numbers];
    return `${headOf(metric)}${metric.name} ${value}\n`;
  });
  return lines.join("");
}

/** kedge's own rows (`_agents`) are no objects of the API. */
function objectsText({ objectsByResource }: StoreStats): string {
  const objects = new Gauge({ name: "apiserver_storage_objects", help: "Objects that are stored, by resource.", labels: ["resource"] });
  for (const [resource, count] of Object.entries(objectsByResource)) if (!resource.startsWith("_")) objects.set([resource], count);
  return objects.text();
}
