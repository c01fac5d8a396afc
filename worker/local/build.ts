/**
 * Bundles Worker, agent and supervisor into dist/, each only when a file that went into it changed. esbuild is loaded
 * only if there is something to build.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { distribution, repository } from "./paths.ts";

interface Bundle {
  entry: string;
  file: string;
  options: BuildOptions;
}

const forNode = {
  platform: "node",
  target: "node24",
  // Some dependencies are CommonJS and call require for Node's own modules.
  banner: { js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);` },
} satisfies BuildOptions;

/**
 * Whoever imports node:http as a module has all of its exports read, and one of them is a whole WebSocket client, some
 * megabytes of an agent's memory. Asked for by name it stays where it is.
 */
const leanHttp: Plugin = {
  name: "lean-http",
  setup(build) {
    build.onResolve({ filter: /^(node:)?http$/ }, () => ({ path: "http", namespace: builtIn }));
    build.onLoad({ filter: /^/, namespace: builtIn }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule("node:${path}");` }));
  },
};
const builtIn = "built-in";

/**
 * A program's text stays in memory, of all its characters two bytes each if one of them (in a comment, say) is not
 * Latin: the agent is 7 MB smaller for it. Names stay, for stack traces.
 */
const terse = { minifyWhitespace: true, minifySyntax: true, lineLimit: 160 } satisfies BuildOptions;

export const bundles = {
  worker: {
    entry: "worker/index.ts",
    file: "worker.mjs",
    options: {
      ...terse,
      platform: "neutral",
      target: "es2024",
      conditions: ["workerd", "worker", "browser"],
      mainFields: ["browser", "module", "main"],
      external: ["node:*", "cloudflare:*"],
    },
  },
  agent: { entry: "agent/main.ts", file: "kedge-agent.mjs", options: { ...forNode, ...terse, plugins: [leanHttp] } },
  supervisor: { entry: "worker/local/supervisor.ts", file: "kedge-local.mjs", options: { ...forNode, external: ["@peculiar/x509", "reflect-metadata"] } },
} satisfies Record<string, Bundle>;

/** What a bundle was made of: path below the repository → hash of its content. */
type Inputs = Record<string, string>;

/** Path of the up-to-date bundle. */
export async function bundle(name: keyof typeof bundles): Promise<string> {
  const { entry, file, options }: Bundle = bundles[name];
  const output = join(distribution, file);
  if (isFresh(output)) return output;
  const { build } = await import("esbuild");
  const alias: Record<string, string> = name === "worker" ? { [descriptionsImport]: await writeDescriptions(distribution) } : {};
  const result = await build({
    ...options,
    alias,
    entryPoints: [join(repository, entry)],
    absWorkingDir: repository,
    bundle: true,
    format: "esm",
    legalComments: "none",
    metafile: true,
    write: false,
    outfile: output,
    logLevel: "error",
  });
  mkdirSync(distribution, { recursive: true });
  const inputs = Object.keys(result.metafile.inputs).filter((path) => !path.startsWith("<") && !path.startsWith(`${builtIn}:`));
  // The bundle last: who finds it finds its list of inputs too.
  writeWhole(`${output}.inputs.json`, JSON.stringify(hashesOf(["worker/local/build.ts", "worker/openapi/generate-descriptions.ts", ...inputs])));
  writeWhole(output, result.outputFiles[0]?.contents ?? new Uint8Array());
  return output;
}

/** What the Worker imports its texts by; without a build of its own it gets none (package.json, `imports`). */
export const descriptionsImport = "#openapi-descriptions";

/** The module of texts, for `kubectl explain`. */
export async function writeDescriptions(folder: string): Promise<string> {
  const { descriptionsModule } = await import("../openapi/generate-descriptions.ts");
  const file = join(folder, "openapi-descriptions.mjs");
  mkdirSync(folder, { recursive: true });
  writeWhole(file, descriptionsModule());
  return file;
}

function isFresh(output: string): boolean {
  if (!existsSync(output)) return false;
  try {
    const inputs: Inputs = JSON.parse(readFileSync(`${output}.inputs.json`, "utf8"));
    const now = hashesOf(Object.keys(inputs));
    return Object.entries(inputs).every(([path, hash]) => now[path] === hash);
  } catch {
    return false;
  }
}

function hashesOf(paths: string[]): Inputs {
  const hash = (path: string) => createHash("sha256").update(readFileSync(join(repository, path))).digest("base64url");
  return Object.fromEntries(paths.map((path) => [path, hash(path)]));
}

function writeWhole(file: string, content: string | Uint8Array): void {
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, file);
}
