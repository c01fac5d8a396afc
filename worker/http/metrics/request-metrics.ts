/** Requests as they come and go, by upstream's names and labels. Cheap enough for every request. */
import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "../context.ts";
import type { RequestInfo, ResourceRequest } from "../request-info.ts";
import { Counter, Gauge, Histogram } from "./series.ts";

const labels = ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"];

const total = new Counter({ name: "apiserver_request_total", help: "Requests that were answered.", labels: [...labels, "code"] });
const duration = new Histogram(
  { name: "apiserver_request_duration_seconds", help: "How long answers took; of a watch, until it began.", labels },
  [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
);
const longRunning = new Gauge({
  name: "apiserver_longrunning_requests",
  help: "Watches that are open.",
  labels: ["verb", "group", "version", "resource", "subresource", "scope", "component"],
});

interface InFlight {
  kind: "mutating" | "readOnly";
  startedAt: number;
}

/** A client that goes takes its request with it, without a last word: what is older than any request is not counted. */
const inFlight = new Set<InFlight>();
const longestMs = 75_000;
const manyInFlight = 1_000;

export const measure = createMiddleware<HttpEnv>(async (c, next) => {
  const startedAt = Date.now();
  const isReading = c.req.method === "GET" || c.req.method === "HEAD";
  const one: InFlight = { kind: isReading ? "readOnly" : "mutating", startedAt };
  if (inFlight.size > manyInFlight) forgetOld(startedAt);
  inFlight.add(one);
  await next();
  inFlight.delete(one);
  const values = valuesOf(c.get("info"), c.get("isServed") === true, c.req);
  duration.observe(values, (Date.now() - startedAt) / 1000);
  total.add([...values, String(c.res.status)]);
});

function forgetOld(now: number): void {
  for (const one of inFlight) {
    if (one.startedAt > now - longestMs) return;
    inFlight.delete(one);
  }
}

/** A watch counts from here on; call what it gives when it is over. */
export function beginWatch(info: ResourceRequest): () => void {
  const { group, version, resource, subresource } = info;
  const values = ["WATCH", group, version, resource, subresource, scopeOf(info), "apiserver"];
  longRunning.add(values, 1);
  return () => longRunning.add(values, -1);
}

export function requestText(now: number): string {
  forgetOld(now);
  const current = new Gauge({ name: "apiserver_current_inflight_requests", help: "Requests that are being answered.", labels: ["request_kind"] });
  for (const kind of ["mutating", "readOnly"] as const) current.set([kind], [...inFlight].filter((one) => one.kind === kind).length);
  return total.text() + duration.text() + current.text() + longRunning.text();
}

/** Resources that nobody serves are counted as one. */
function valuesOf(info: RequestInfo | undefined, isServed: boolean, { method, path, url }: { method: string; path: string; url: string }): string[] {
  if (info?.isResource !== true) return [method, "", "", "", "", pathLabel(path), "", "apiserver"];
  if (!isServed) return [verbLabels[info.verb] ?? "other", "", "", "", "", "", "", "apiserver"];
  const { verb, group, version, resource, subresource } = info;
  const dryRun = url.includes("dryRun=All") ? "All" : "";
  return [connects.has(subresource) ? "CONNECT" : (verbLabels[verb] ?? "other"), dryRun, group, version, resource, subresource, scopeOf(info), "apiserver"];
}

const connects = new Set(["exec", "attach", "portforward", "log", "proxy"]);

const verbLabels: Record<string, string> = {
  get: "GET",
  list: "LIST",
  watch: "WATCH",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETECOLLECTION",
};

function scopeOf({ name, namespace, verb }: ResourceRequest): string {
  if (name !== "" || verb === "create") return "resource";
  return namespace === "" ? "cluster" : "namespace";
}

const knownPaths = ["/api", "/apis", "/healthz", "/livez", "/readyz", "/metrics", "/version", "/openapi/v2", "/openapi/v3", "/kedge/v1"];

function pathLabel(path: string): string {
  return knownPaths.find((known) => path === known || path.startsWith(`${known}/`)) ?? "";
}
