/** Puts image archives (`docker save` or OCI) into the node, as CRI sees it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";
import { until } from "./wait.ts";

const importTimeoutMs = 300_000;

/**
 * Imports an archive and waits until CRI lists its images (containerd tells CRI by an event). Gives the image names.
 */
export async function loadImage(socket: string, archive: string | Buffer): Promise<string[]> {
  if (typeof archive === "string") return importFile(socket, archive);
  const folder = mkdtempSync(join(tmpdir(), "kedge-image-"));
  try {
    const path = join(folder, "image.tar");
    writeFileSync(path, archive);
    return await importFile(socket, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function importFile(socket: string, path: string): Promise<string[]> {
  const ctr = ["ctr", "--address", socket, "--namespace", "k8s.io"];
  const output = await run([...ctr, "images", "import", path], { timeoutMs: importTimeoutMs });
  // containerd 1 says `unpacking NAME (DIGEST)...done`, containerd 2 `NAME saved`.
  const names = [...output.matchAll(/^unpacking (\S+) \(|^(\S+)\s+saved\b/gm)].map((match) => match[1] ?? match[2] ?? "");
  if (names.length === 0) throw new Error(`${path} holds no image with a name: save it with a tag`);
  const isKnown = await until(isOffered, { timeoutMs: 10_000 });
  if (!isKnown) throw new Error(`containerd imported ${names.join(", ")} but does not offer it to pods`);
  return names;

  async function isOffered(): Promise<boolean> {
    const list = await run([...ctr, "images", "list", "--quiet", 'labels."io.cri-containerd.image"==managed']);
    return names.every((name) => list.split("\n").includes(name));
  }
}

export async function hasImage(socket: string, name: string): Promise<boolean> {
  const list = await run(["ctr", "--address", socket, "--namespace", "k8s.io", "images", "list", "--quiet"]);
  return list.split("\n").includes(name);
}
