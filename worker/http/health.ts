/** Probes. Alive is who answers; ready is who reaches the store. */
import type { Env } from "../env.ts";
import { ensureClusterObjects } from "./bootstrap.ts";
import type { App } from "./context.ts";
import { storeOf } from "../objects/ports.ts";

export function mountHealth(app: App): void {
  for (const path of ["/livez", "/livez/*"]) {
    app.get(path, (c) => report("livez", [{ check: "ping", isOk: true }], c.req.query("verbose")));
  }
  for (const name of ["readyz", "healthz"]) {
    for (const path of [`/${name}`, `/${name}/*`]) {
      app.get(path, async (c) => {
        const checks = [{ check: "ping", isOk: true }, { check: "store", isOk: await isStoreReady(c.env) }];
        return report(name, checks, c.req.query("verbose"));
      });
    }
  }
}

async function isStoreReady(env: Env): Promise<boolean> {
  try {
    const store = storeOf(env);
    await store.describe();
    await ensureClusterObjects(env, store);
    return true;
  } catch (error) {
    console.error(JSON.stringify({ level: "error", message: "the store is not ready", error: String(error) }));
    return false;
  }
}

function report(name: string, checks: { check: string; isOk: boolean }[], verbose: string | undefined): Response {
  const isReady = checks.every(({ isOk }) => isOk);
  const lines = checks.map(({ check, isOk }) => `[${isOk ? "+" : "-"}]${check} ${isOk ? "ok" : "failed: reason withheld"}`);
  const long = `${lines.join("\n")}\n${name} check ${isReady ? "passed" : "failed"}\n`;
  return new Response(isReady && verbose === undefined ? "ok" : long, {
    status: isReady ? 200 : 500,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}
