/** Where things are: in the repository, and in a state directory. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The repository's folder. Found from this file, which lies two folders below it as source (`worker/local/`), and one
 * folder below it as part of a bundle (`dist/`).
 */
export const repository = repositoryOf(dirname(fileURLToPath(import.meta.url)));

function repositoryOf(folder: string): string {
  return folder.endsWith("/worker/local") ? dirname(dirname(folder)) : dirname(folder);
}

export const distribution = join(repository, "dist");
export const defaultStateDir = resolve(repository, ".kedge");

/** Everything that a cluster keeps on this machine, by file. */
export interface StatePaths {
  dir: string;
  kubeconfig: string;
  settings: string;
  /** 0700: keys and tokens, each 0600. */
  secrets: string;
  d1: string;
  objects: string;
  /** Sockets of workerd; below `dir`, or in the temporary folder if that path is too long for a socket. */
  sockets: string;
  workerdConfig: string;
  supervisorRecord: string;
  workerdRecord: string;
  /** There once the example was applied: what the user made of it since is not undone by the next start. */
  exampleRecord: string;
}

/** A unix socket's path may have 107 characters. */
const longestSocketPath = 107;
const longestSocketName = "/maintenance.sock".length;

export function statePaths(stateDir: string): StatePaths {
  const dir = resolve(stateDir);
  return {
    dir,
    kubeconfig: join(dir, "kubeconfig"),
    settings: join(dir, "settings.json"),
    secrets: join(dir, "secrets"),
    d1: join(dir, "d1"),
    objects: join(dir, "objects"),
    sockets: socketFolder(dir),
    workerdConfig: join(dir, "workerd.capnp"),
    supervisorRecord: join(dir, "supervisor.json"),
    workerdRecord: join(dir, "workerd.json"),
    exampleRecord: join(dir, "example-applied"),
  };
}

function socketFolder(dir: string): string {
  const below = join(dir, "run");
  if (below.length + longestSocketName <= longestSocketPath) return below;
  return `/tmp/kedge-${createHash("sha256").update(dir).digest("hex").slice(0, 16)}`;
}

/**
 * Makes the folders; what may hold secrets is for the owner only. A folder that holds something else is refused:
 * `npm run down` removes a state directory whole.
 */
export function makeStateFolders(paths: StatePaths): void {
  if (existsSync(paths.dir) && !existsSync(paths.settings) && readdirSync(paths.dir).length > 0)
    throw new Error(`${paths.dir} holds other things; name an empty or new folder with --state-dir`);
  for (const folder of [paths.dir, paths.secrets, paths.d1, paths.objects, paths.sockets])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
}
