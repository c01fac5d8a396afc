/** What priority and fairness did with requests, by upstream's names. */
import type { Classification } from "../../fairness/classify.ts";
import { Counter, Gauge } from "./series.ts";

const labels = ["priority_level", "flow_schema"];
const dispatched = new Counter({ name: "apiserver_flowcontrol_dispatched_requests_total", help: "Requests that were let in.", labels });
const rejected = new Counter({ name: "apiserver_flowcontrol_rejected_requests_total", help: "Requests that were refused.", labels: [...labels, "reason"] });

export const flowMetrics = {
  dispatched({ level, schema }: Classification): void {
    dispatched.add([level.name, schema.name]);
  },
  rejected({ level, schema }: Classification, reason: string): void {
    rejected.add([level.name, schema.name, reason]);
  },
};

export function flowText(counts: Map<string, { executing: number; waiting: number }>): string {
  const executing = new Gauge({ name: "apiserver_flowcontrol_current_executing_seats", help: "Seats that are taken now.", labels: ["priority_level"] });
  const waiting = new Gauge({ name: "apiserver_flowcontrol_current_inqueue_requests", help: "Requests that wait now.", labels: ["priority_level"] });
  for (const [level, one] of counts) {
    executing.set([level], one.executing);
    waiting.set([level], one.waiting);
  }
  return dispatched.text() + rejected.text() + executing.text() + waiting.text();
}
