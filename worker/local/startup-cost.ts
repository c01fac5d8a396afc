/** What evaluating a Worker's script costs: how much later workerd listens with it than with an empty one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeStateFolders, repository, statePaths } from "./paths.ts";
import { writePrivately } from "./secrets.ts";
import { maintain, Workerd, workerdBinary } from "./workerd.ts";
import { workerdConfig } from "./workerd-config.ts";
import { workerOptions } from "./worker-options.ts";

const starts = 7;

export async function startupCost(script: string): Promise<{ startupMs: number; baselineMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), "kedge-startup-"));
  try {
    const empty = join(folder, "empty.mjs");
    const classes = workerOptions().durableObjects.map(({ className }) => `export class ${className} {}`);
    writeFileSync(empty, `${classes.join("\n")}\nexport default { fetch: () => new Response(), scheduled() {} };\n`);
    return { baselineMs: await medianStart(folder, empty), startupMs: await medianStart(folder, script) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function medianStart(folder: string, script: string): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < starts; count++) times.push(await timedStart(join(folder, "state"), script));
  return times.sort((a, b) => a - b)[Math.floor(starts / 2)] ?? 0;
}

async function timedStart(stateDir: string, worker: string): Promise<number> {
  const paths = statePaths(stateDir);
  rmSync(paths.dir, { recursive: true, force: true });
  makeStateFolders(paths);
  const options = workerOptions();
  const miniflare = createRequire(join(repository, "package.json")).resolve("miniflare");
  writePrivately(
    paths.workerdConfig,
    workerdConfig({
      ...options,
      worker,
      platform: join(repository, "worker/local"),
      miniflareWorkers: join(dirname(miniflare), "workers"),
      secrets: ["ADMIN_TOKEN_SHA256", "ENCRYPTION_KEYS"],
      storage: { d1: paths.d1, objects: paths.objects },
      v8Flags: [],
    }),
  );
  const workerd = new Workerd({
    paths,
    binary: workerdBinary(repository),
    apiAddress: `unix:${join(paths.sockets, "api.sock")}`,
    report: () => undefined,
    secrets: () => ({ ADMIN_TOKEN_SHA256: "0".repeat(64), ENCRYPTION_KEYS: `k:${Buffer.alloc(32).toString("base64")}` }),
  });
  const startedAt = performance.now();
  try {
    await workerd.start();
    // The script is evaluated by now, at the latest for the first event that it gets.
    await maintain(paths, "/scheduled", { cron: "startup" }).catch(() => undefined);
    return performance.now() - startedAt;
  } finally {
    await workerd.stop();
  }
}
