/**
 * Writes a set of files so that readers see all of the old or all of the new ones, never a mix, as the kubelet does:
 *
 *     volume/..2026_x7f3/key     the files
 *     volume/..data            → ..2026_x7f3        swapped by one rename
 *     volume/key               → ..data/key         what a container opens
 */
import { randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ProjectedFile } from "./projection.ts";

const dataLink = "..data";
/** What the link leads to if it is as it was made: a folder beside it, never a way out of the volume. */
const ownFolder = /^\.\.\d[^/]*$/;

export interface WriteOptions {
  /** Group that shall be able to read the files: the pod's fsGroup. */
  group?: number | undefined;
}

/** Gives whether anything changed. */
export async function writeAtomically(folder: string, files: ReadonlyMap<string, ProjectedFile>, options: WriteOptions = {}): Promise<boolean> {
  const current = await currentIn(folder);
  if (current !== undefined && (await isSame(join(folder, current), files))) return false;
  const next = `..${new Date().toISOString().slice(0, 19).replace(/[-T:]/g, "_")}.${randomBytes(4).toString("hex")}`;
  await writeFiles(join(folder, next), files, options);
  const temporary = join(folder, "..data_tmp");
  await rm(temporary, { force: true });
  await symlink(next, temporary);
  await rename(temporary, join(folder, dataLink));
  await linkTopLevel(folder, files);
  if (current !== undefined) await rm(join(folder, current), { recursive: true, force: true });
  return true;
}

async function currentIn(folder: string): Promise<string | undefined> {
  const target = await readlink(join(folder, dataLink)).catch(() => undefined);
  return target !== undefined && ownFolder.test(target) ? target : undefined;
}

async function isSame(folder: string, files: ReadonlyMap<string, ProjectedFile>): Promise<boolean> {
  const there = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const present = there.filter((entry) => entry.isFile());
  if (present.length !== files.size) return false;
  for (const [path, { content, mode }] of files) {
    const full = join(folder, path);
    const text = await readFile(full).catch(() => undefined);
    if (text === undefined || !text.equals(content)) return false;
    if (((await lstat(full)).mode & mode) !== mode) return false;
  }
  return true;
}

async function writeFiles(folder: string, files: ReadonlyMap<string, ProjectedFile>, { group }: WriteOptions): Promise<void> {
  await mkdir(folder, { mode: 0o755 });
  await chmod(folder, 0o755);
  for (const [path, { content, mode }] of files) {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true, mode: 0o755 });
    await writeFile(full, content, { mode: 0o600 });
    if (group !== undefined) await chown(full, -1, group);
    // Only now: the umask must not take bits away, and nobody reads it before.
    await chmod(full, group === undefined ? mode : mode | 0o440);
  }
}

async function linkTopLevel(folder: string, files: ReadonlyMap<string, ProjectedFile>): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split("/")[0] ?? path));
  const there = (await readdir(folder)).filter((name) => !name.startsWith(".."));
  for (const name of there) if (!wanted.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  for (const name of wanted) if (!there.includes(name)) await symlink(join(dataLink, name), join(folder, name));
}
