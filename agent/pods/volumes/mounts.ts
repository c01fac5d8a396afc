/** Mounts that only the host's `mount` can make, and the safe way into a volume's sub-path. */
import { constants } from "node:fs";
import { lstat, mkdir, open, readFile, readlink, realpath, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../host/run.ts";
import { VolumeError } from "./projection.ts";

const tmpfsMagic = 0x01021994;
const openPath = 0o10000000; // O_PATH: names a file without reading it, so a device or a pipe cannot block

export async function isTmpfs(folder: string): Promise<boolean> {
  return (await statfs(folder)).type === tmpfsMagic;
}

export async function mountTmpfs(folder: string, options: { sizeBytes?: number | undefined; mode: string }): Promise<void> {
  if (await isMounted(folder)) return;
  const size = options.sizeBytes === undefined ? "" : `,size=${options.sizeBytes}`;
  await run(["mount", "-t", "tmpfs", "-o", `mode=${options.mode}${size}`, "tmpfs", folder]);
}

/** Every mount at or below a folder, the innermost first. */
export async function unmountBelow(folder: string): Promise<void> {
  const below = (await mountPoints()).filter((path) => path === folder || path.startsWith(`${folder}/`));
  for (const path of below.toReversed()) await run(["umount", "-l", path]);
}

async function isMounted(folder: string): Promise<boolean> {
  return (await mountPoints()).includes(folder);
}

async function mountPoints(): Promise<string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  return lines.flatMap((line) => line.split(" ")[4] ?? []).map((path) => path.replace(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8))));
}

/**
 * Bind-mounts `subPath` of a volume to `target`. A container that shares the volume could swap a folder for a link at
 * any moment: so the path is opened once, what was opened is checked, and that very thing is mounted.
 */
export async function mountSubPath({ volume, subPath, target }: { volume: string; subPath: string; target: string }): Promise<void> {
  if (await isMounted(target)) return;
  const root = await realpath(volume);
  await makeMissing(root, subPath);
  // A projected file is a link inside its volume: resolved here, and checked again below on what was opened.
  const handle = await open(await realpath(join(root, subPath)), openPath | constants.O_NOFOLLOW);
  try {
    const opened = await readlink(`/proc/self/fd/${handle.fd}`);
    const isInside = opened === root || opened.startsWith(`${root}/`);
    if (!isInside || (await handle.stat()).isSymbolicLink()) throw new VolumeError(`subpath "${subPath}" not within volume path "${root}"`);
    const isFolder = (await handle.stat()).isDirectory();
    await mkdir(isFolder ? target : dirname(target), { recursive: true, mode: 0o750 });
    if (!isFolder) await writeFile(target, "", { flag: "a" });
    await run(["mount", "--bind", `/proc/${process.pid}/fd/${handle.fd}`, target]);
  } finally {
    await handle.close();
  }
}

/**
 * The kubelet makes a missing sub-path as a folder; a link on the way is never followed while making. Each step begins at
 * the folder that is held open, so that nobody can put a link in the place of one that was looked at.
 */
export async function makeMissing(root: string, subPath: string): Promise<void> {
  let folder = await open(root, openPath | constants.O_DIRECTORY);
  try {
    for (const part of subPath.split("/").filter((name) => name !== "" && name !== ".")) {
      if (part === "..") throw new VolumeError(`subpath "${subPath}" must not contain ".."`);
      const path = `/proc/self/fd/${folder.fd}/${part}`;
      const there = await lstat(path).catch(() => undefined);
      if (there !== undefined && !there.isDirectory()) return;
      if (there === undefined) await mkdir(path, { mode: 0o750 });
      const next = await open(path, openPath | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      await folder.close();
      folder = next;
    }
  } finally {
    await folder.close();
  }
}
