/**
 * `npm test`, `npm run ci` and .ci/run: lint, types and every test, then one line that sums them up.
 * `--only lint|types|unit|integration|e2e` runs one part.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repository } from "./paths.ts";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const checks = {
  lint: [["oxlint", "--type-aware", "--deny-warnings"]],
  types: [
    ["tsc", "-p", "."],
    ["tsc", "-p", "worker"],
  ],
} satisfies Record<string, string[][]>;
const testProjects = ["unit", "integration", "e2e"] as const;

function run(command: string[]): Promise<boolean> {
  const [file = "", ...args] = command;
  console.log(`\n> ${command.join(" ")}`);
  return new Promise((resolve) => {
    const child = spawn(join(repository, "node_modules/.bin", file), args, { cwd: repository, stdio: "inherit" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

async function runCheck(commands: string[][]): Promise<Count> {
  let passed = 0;
  for (const command of commands) if (await run(command)) passed++;
  return { passed, failed: commands.length - passed, skipped: 0 };
}

async function runTests(project: string, filters: string[]): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), "kedge-ci-"));
  try {
    const report = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const isGreen = await run(["vitest", "run", "--project", project, "--passWithNoTests", ...reporters, ...filters]);
    return countOf(report, isGreen);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run that broke without a failing test (a file that does not load, an unhandled error) counts as one failure. */
function countOf(report: string, isGreen: boolean): Count {
  try {
    const result: Record<string, number> = JSON.parse(readFileSync(report, "utf8"));
    const failed = result.numFailedTests ?? 0;
    return {
      passed: result.numPassedTests ?? 0,
      failed: isGreen ? failed : Math.max(failed, 1),
      skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0),
    };
  } catch {
    return { passed: 0, failed: isGreen ? 0 : 1, skipped: 0 };
  }
}

const args = process.argv.slice(2);
const only = args[0] === "--only" ? args[1] : undefined;
const filters = only === undefined ? args : args.slice(2);
const counts: Count[] = [];
for (const [name, commands] of Object.entries(checks))
  if (only === undefined || only === name) counts.push(await runCheck(commands));
for (const project of testProjects) if (only === undefined || only === project) counts.push(await runTests(project, filters));
const sum = (key: keyof Count) => counts.reduce((total, count) => total + count[key], 0);
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exit(sum("failed") === 0 ? 0 : 1);
