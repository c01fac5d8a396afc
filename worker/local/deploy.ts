/**
 * `npm run deploy`: the Worker as production runs it. `--dry-run` builds it exactly so, and needs no account: it prints
 * the compressed size of the script and what its start-up costs.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Command } from "commander";
import { descriptionsImport, writeDescriptions } from "./build.ts";
import { runCommand } from "./command.ts";
import { distribution, repository } from "./paths.ts";
import { startupCost } from "./startup-cost.ts";

/** What the free plan allows a script to have, compressed. */
const largestScriptBytes = 3 * 1024 * 1024;

const options = new Command("npm run deploy --")
  .description("Deploys the control plane to Cloudflare (wrangler's credentials; see docs/troubleshooting.md).")
  .option("--dry-run", "build only, print size and start-up cost; needs no account")
  .helpOption("--help", "show this help")
  .parse()
  .opts<{ dryRun?: boolean }>();

await runCommand(async () => {
  const folder = mkdtempSync(join(tmpdir(), "kedge-deploy-"));
  try {
    const build = ["--minify", "--alias", `${descriptionsImport}:${await writeDescriptions(distribution)}`];
    wrangler(["deploy", "--dry-run", ...build, "--outdir", folder]);
    await reportScript(folder);
    if (options.dryRun) return;
    wrangler(["d1", "migrations", "apply", "DB", "--remote"]);
    wrangler(["deploy", ...build]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function wrangler(args: string[]): void {
  const environment = { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" };
  const { status } = spawnSync(join(repository, "node_modules/.bin/wrangler"), args, { cwd: repository, stdio: "inherit", env: environment });
  if (status !== 0) throw new Error(`wrangler ${args[0]} failed`);
}

async function reportScript(folder: string): Promise<void> {
  const modules = readdirSync(folder).filter((name) => /\.(js|mjs|wasm|bin|txt)$/.test(name));
  const contents = modules.map((name) => readFileSync(join(folder, name)));
  const compressed = contents.reduce((sum, content) => sum + gzipSync(content).length, 0);
  const size = modules.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  console.log(`script: ${kib(size)} KiB, compressed ${kib(compressed)} KiB of ${kib(largestScriptBytes)} KiB`);
  if (compressed > largestScriptBytes) throw new Error("the script is larger than 3 MB compressed");
  const script = modules.find((name) => name.endsWith("index.js")) ?? modules[0];
  if (script === undefined) throw new Error("wrangler wrote no script");
  const { startupMs, baselineMs } = await startupCost(join(folder, script));
  console.log(`start-up: ${Math.max(0, startupMs - baselineMs).toFixed(0)} ms over an empty Worker (${startupMs.toFixed(0)} ms to ${baselineMs.toFixed(0)} ms, median of starts of workerd)`);
}

function kib(bytes: number): number {
  return Math.ceil(bytes / 1024);
}
