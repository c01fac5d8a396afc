/** `/metrics`, in Prometheus' text format: what the store has cost since its present instance began. */
import { storeOf } from "../objects/ports.ts";
import type { StoreStats } from "../storage/store.ts";
import type { App } from "./context.ts";

interface Metric {
  name: string;
  type: "counter" | "gauge";
  help: string;
}

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
} satisfies Record<keyof StoreStats, Metric>;

export function mountMetrics(app: App): void {
  app.get("/metrics", async (c) => {
    const stats = await storeOf(c.env).stats();
    const lines = Object.entries(metrics).map(([key, { name, type, help }]) => {
      // The table has exactly the keys of the stats.
      const value = stats[key as keyof StoreStats];
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
    });
    return c.text(lines.join(""), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });
}
