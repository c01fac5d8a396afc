/** The edges between the folders (CONTRIBUTING.md): who may import whom, and where the clock and chance may be. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = dirname(import.meta.dirname);
const isTest = (file: string) => /\.test\.ts$|\/(testing|contract|fake)[./]/.test(file);
const files = globSync("{protocol,worker,agent}/**/*.ts", { cwd: root }).filter((file) => !isTest(file));

interface Import {
  from: string;
  /** A file of ours, or the name of a package. */
  to: string;
  isTypeOnly: boolean;
}

const importPattern = /^\s*(?:import|export)\s+(type\s)?[^"';]*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(importPattern)].map((match) => {
    const target = match[2] ?? match[3] ?? match[4] ?? "";
    const to = target.startsWith(".") ? relative(root, join(root, dirname(file), target)) : target;
    return { from: file, to, isTypeOnly: match[1] !== undefined };
  });
}

const imports = files.flatMap(importsOf);
const inFolder = (...folders: string[]) => (file: string) => folders.some((folder) => file.startsWith(`${folder}/`));
const isPackage = (name: string) => (target: string) => target === name || target.startsWith(`${name}/`);
const pureFolders = ["worker/resources", "worker/controllers", "worker/scheduler", "worker/registry", "worker/patch", "worker/fields", "worker/cel", "worker/auth/rbac", "worker/audit", "worker/fairness", "protocol"];
const isPure = inFolder(...pureFolders);

/** Each row is a sentence: who → must not import → unless. */
const forbidden: [string, (one: Import) => boolean][] = [
  ["protocol imports nothing of ours", ({ from, to }) => inFolder("protocol")(from) && inFolder("worker", "agent")(to)],
  ["the worker does not import the agent", ({ from, to }) => inFolder("worker")(from) && inFolder("agent")(to)],
  ["the agent does not import the worker", ({ from, to }) => inFolder("agent")(from) && inFolder("worker")(to)],
  [
    "pure folders import no implementation of storage",
    ({ from, to, isTypeOnly }) => isPure(from) && inFolder("worker/storage")(to) && !isTypeOnly && to !== "worker/storage/store.ts",
  ],
  ["pure folders import no HTTP and no Durable Object", ({ from, to }) => isPure(from) && inFolder("worker/http", "worker/objects")(to)],
  [
    "pure folders know of the settings only what they are",
    ({ from, to }) => isPure(from) && inFolder("worker/settings")(to) && to !== "worker/settings/settings.ts",
  ],
  ["CEL's library stays behind its interface", ({ from, to }) => isPackage("@marcbachmann/cel-js")(to) && !inFolder("worker/cel")(from)],
  [
    "CEL is loaded when it is first needed",
    ({ from, to, isTypeOnly }) => !isTypeOnly && inFolder("worker/cel")(to) && !inFolder("worker/cel")(from) && !/\/(load|budget|names|go-duration)\.ts$/.test(to),
  ],
  ["drizzle stays in storage", ({ from, to }) => isPackage("drizzle-orm")(to) && !inFolder("worker/storage")(from)],
  ["hono stays in the HTTP surface", ({ from, to }) => isPackage("hono")(to) && !inFolder("worker/http")(from) && from !== "worker/index.ts"],
  [
    "the container runtime stands behind its interface: only entry files choose CRI",
    ({ from, to }) => inFolder("agent/runtime/cri")(to) && !inFolder("agent/runtime")(from) && !/^agent\/[a-z-]+\.ts$/.test(from) && to !== "agent/runtime/cri/protobuf.ts",
  ],
  [
    "what runs in workerd does not import what runs in Node",
    ({ from, to }) => inFolder("worker")(from) && !inFolder("worker/local")(from) && inFolder("worker/local")(to),
  ],
  [
    "what runs in Node imports of the worker's side only types, and what generates",
    ({ from, to, isTypeOnly }) => inFolder("worker/local")(from) && inFolder("worker")(to) && !inFolder("worker/local")(to) && !isTypeOnly && !/\/generate-[a-z-]+\.ts$/.test(to),
  ],
];

describe("imports", () => {
  it.each(forbidden)("%s", (_sentence, isForbidden) => {
    expect(imports.filter(isForbidden).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("are found at all", () => {
    expect(imports.length).toBeGreaterThan(files.length);
  });
});

/** Comments and strings out, so that they may speak of clocks. */
function codeOf(file: string): string {
  const text = readFileSync(join(root, file), "utf8");
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/g, "");
}

const impure = /\bDate\.now\(|\bnew Date\(\)|\bDate\(\)|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(|\bcrypto\.(?:random|getRandom)|\bperformance\.now\(/;

/** Beside what is pure, the files that bring it a clock and chance, what it looks up, and its plans to the store. */
const shells = ["worker/registry/context.ts", "worker/registry/writer.ts", "worker/registry/service-accounts.ts"];

describe("clocks, timers and randomness", () => {
  it.each(files.filter((file) => isPure(file) && !shells.includes(file)))("are not in %s", (file) => {
    expect(codeOf(file)).not.toMatch(impure);
  });
});
