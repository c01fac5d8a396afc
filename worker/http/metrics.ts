/** `GET /metrics`, for the admin: what the store counted since it was loaded, in Prometheus' text format. */
import { storeOf } from "../objects/ports.ts";
import type { App } from "./context.ts";

export function mountMetrics(app: App): void {
  app.get("/metrics", async (c) => {
    const stats = await storeOf(c.env).stats();
    const metrics: [name: string, type: "counter" | "gauge", help: string, value: number][] = [
      ["kedge_d1_rows_read_total", "counter", "Rows that D1 read for the store.", stats.rowsRead],
      ["kedge_d1_rows_written_total", "counter", "Rows that D1 wrote for the store, indexes included.", stats.rowsWritten],
      ["kedge_d1_queries_total", "counter", "Statements that D1 ran for the store.", stats.queries],
      ["kedge_store_commits_total", "counter", "Batches that the store committed.", stats.commits],
      ["kedge_store_operations_total", "counter", "Writes in those batches.", stats.operations],
      ["kedge_store_objects", "gauge", "Objects in the cluster.", stats.objects],
      ["kedge_store_text_bytes", "gauge", "Bytes of object text in the store's memory.", stats.textBytes],
      ["kedge_store_watches", "gauge", "Watches that the store feeds.", stats.watches],
      ["kedge_store_pending_wakes", "gauge", "Wakes that nobody acknowledged yet.", stats.pendingWakes],
    ];
    const lines = metrics.flatMap(([name, type, help, value]) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`]);
    return new Response(`${lines.join("\n")}\n`, { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } });
  });
}
