#!/usr/bin/env node
// The first thing that runs, under whatever Node a user has (20 or newer): makes sure that the dependencies are there
// and are those of package-lock.json, then becomes the asked-for command under the project's own Node.
//
//     node worker/local/bootstrap.mjs <command> [arguments]      <command> is a file of this folder
//
// Plain JavaScript without dependencies, because nothing else can be taken for granted here.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const oldestNode = 20;

/** True when node_modules holds exactly the packages that the lock file names (npm keeps its own note of that). */
function areDependenciesFresh() {
  try {
    // A link leads to another checkout's packages: those are not ours to change.
    if (lstatSync(join(root, "node_modules")).isSymbolicLink()) return true;
    const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
    const installed = JSON.parse(readFileSync(join(root, "node_modules/.package-lock.json"), "utf8")).packages;
    return Object.entries(wanted).every(
      ([path, entry]) => path === "" || entry.optional || entry.peer || installed[path]?.version === entry.version,
    );
  } catch {
    return false;
  }
}

/** One at a time: two installations at once take each other's files away. */
async function installDependencies() {
  const lock = join(tmpdir(), `kedge-install-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`);
  while (!takeLock(lock)) await new Promise((resolve) => setTimeout(resolve, 200));
  try {
    if (!areDependenciesFresh()) install();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** True if the lock is ours now; the lock of a process that is gone counts for nothing. */
function takeLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    try {
      process.kill(Number(readFileSync(lock, "utf8")), 0);
    } catch (error) {
      if (error.code === "ESRCH") rmSync(lock, { force: true });
    }
    return false;
  }
}

function install() {
  // `npm ci` begins by deleting what is there, which would pull the rug from under a control plane that runs.
  const command = existsSync(join(root, "node_modules")) ? ["install", "--no-save"] : ["ci"];
  console.error(`kedge: installing dependencies (npm ${command.join(" ")})`);
  const result = spawnSync("npm", [...command, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NODE_ENV: "development" },
  });
  if (result.status === 0) return;
  throw new Error("the dependencies could not be installed; see npm's message above, then try again");
}

/** Replaces this process where Node can do that (so that signals and the terminal are the command's own), else waits. */
function become(file, args) {
  const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH ?? ""}` };
  if (typeof process.execve === "function") {
    process.removeAllListeners("warning");
    process.on("warning", () => undefined);
    process.execve(file, [file, ...args], env);
  }
  const child = spawn(file, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 1));
}

if (Number(process.versions.node.split(".")[0]) < oldestNode) {
  console.error(`kedge needs Node ${oldestNode} or newer; this is ${process.version}.`);
  process.exit(1);
}
const [command = "start", ...args] = process.argv.slice(2);
const script = join(root, "worker/local", `${command}.ts`);
if (!existsSync(script)) {
  console.error(`kedge: there is no command "${command}".`);
  process.exit(2);
}
if (!areDependenciesFresh()) {
  await installDependencies().catch((error) => {
    console.error(`kedge: ${error.message}`);
    process.exit(1);
  });
}
become(join(root, "node_modules/node/bin/node"), ["--disable-warning=ExperimentalWarning", script, ...args]);
