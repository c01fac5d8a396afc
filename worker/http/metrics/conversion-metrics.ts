/** Calls of conversion webhooks, by upstream's names. */
import type { ConversionFailure } from "../../conversion/webhook-converter.ts";
import { Counter, Histogram } from "./series.ts";

const labels = ["result", "failure_type"];
const total = new Counter({ name: "apiserver_conversion_webhook_request_total", help: "Calls of conversion webhooks.", labels });
const duration = new Histogram(
  { name: "apiserver_conversion_webhook_duration_seconds", help: "How long calls of conversion webhooks took.", labels },
  [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 45, 60],
);

export function observeConversion(seconds: number, failure?: ConversionFailure): void {
  const values = [failure === undefined ? "success" : "failure", failure ?? ""];
  total.add(values);
  duration.observe(values, seconds);
}

export const conversionText = (): string => total.text() + duration.text();
