/** Probes. Alive is who answers; ready is who reaches the store, and has made what every cluster begins with. */
import type { Context } from "hono";
import type { Env } from "../../env.ts";
import { storeOf } from "../../objects/ports.ts";
import { ensureClusterObjects } from "../bootstrap.ts";
import type { App, HttpEnv } from "../context.ts";
import { pathNotFound } from "../errors.ts";
import { reportOf, reportOfOne, type Check, type Report } from "./health-report.ts";

export function mountHealth(app: App): void {
  const probes: [probe: string, checksOf: (env: Env) => Check[]][] = [["livez", () => [ping]], ["readyz", checksOfReadiness], ["healthz", checksOfReadiness]];
  for (const [probe, checksOf] of probes) {
    const all = async (c: Context<HttpEnv>) => {
      const exclude = (c.req.queries("exclude") ?? []).filter((name) => name !== "");
      return answer(await reportOf(checksOf(c.env), { probe, exclude, isVerbose: c.req.query("verbose") !== undefined }));
    };
    app.get(`/${probe}`, all);
    app.get(`/${probe}/`, all);
    app.get(`/${probe}/*`, async (c) => {
      const name = c.req.path.slice(`/${probe}/`.length);
      const check = checksOf(c.env).find((one) => one.name === name);
      return check === undefined ? pathNotFound() : answer(await reportOfOne(check));
    });
  }
}

const ping: Check = { name: "ping", isOk: () => Promise.resolve(true) };

function checksOfReadiness(env: Env): Check[] {
  const store = storeOf(env);
  return [
    ping,
    { name: "store", isOk: () => succeeds("the store is not ready", () => store.describe()) },
    { name: "poststarthook/cluster-objects", isOk: () => succeeds("the cluster's objects are not there", () => ensureClusterObjects(env, store)) },
  ];
}

async function succeeds(message: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    console.error(JSON.stringify({ level: "error", message, error: String(error) }));
    return false;
  }
}

function answer({ code, text }: Report): Response {
  return new Response(text, { status: code, headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" } });
}
