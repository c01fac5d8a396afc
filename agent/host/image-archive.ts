/**
 * Builds container images from files of this machine and writes them as `docker save` archives, which containerd
 * imports without a registry. Times and owners are fixed: the same files give the same image id.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { arch } from "node:process";
import { buffer } from "node:stream/consumers";
import { pack, type Pack } from "tar-stream";

export type ImageFile =
  | { path: string; content: string | Buffer; mode?: number }
  /** Copied from this machine. */
  | { path: string; source: string; mode?: number }
  | { path: string; linkTo: string }
  | { path: string; isDirectory: true; mode?: number };

export interface ImageDescription {
  /** With a tag, e.g. `my-app-image:1.0`; containerd completes it as it does names in pod specs. */
  name: string;
  files: ImageFile[];
  entrypoint: string[];
  env?: Record<string, string>;
  workingDir?: string;
  user?: string;
  exposedPorts?: string[];
}

/** OCI's word for this machine's processor architecture. */
export function imageArchitecture(nodeArch: string = arch): string {
  return nodeArch === "x64" ? "amd64" : nodeArch;
}

/**
 * The archive's bytes: for each image one uncompressed layer and a configuration. Images that are given the very same
 * list of files share the layer.
 */
export async function imageArchive(...images: ImageDescription[]): Promise<Buffer> {
  const layers = new Map<ImageFile[], Buffer>();
  for (const { files } of images) if (!layers.has(files)) layers.set(files, await tarOf(files));
  const parts = images.map((image) => partsOf(image, layers.get(image.files) ?? Buffer.alloc(0)));
  const contents = new Map(parts.flatMap(({ files }) => files.map((file) => [file.path, file])));
  const manifest = parts.map((part) => part.entry);
  return tarOf([...contents.values(), { path: "manifest.json", content: JSON.stringify(manifest) }]);
}

function partsOf(image: ImageDescription, layer: Buffer): { entry: object; files: ImageFile[] } {
  const layerDigest = sha256(layer);
  const config = Buffer.from(JSON.stringify(imageConfig(image, layerDigest)));
  const configName = `${sha256(config)}.json`;
  const layerName = `${layerDigest}/layer.tar`;
  return {
    entry: { Config: configName, RepoTags: [image.name], Layers: [layerName] },
    files: [
      { path: configName, content: config },
      { path: layerName, content: layer },
    ],
  };
}

function imageConfig(image: ImageDescription, layerDigest: string): object {
  const ports = Object.fromEntries((image.exposedPorts ?? []).map((port) => [port, {}]));
  return {
    architecture: imageArchitecture(),
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      Entrypoint: image.entrypoint,
      Env: Object.entries(image.env ?? {}).map(([name, value]) => `${name}=${value}`),
      WorkingDir: image.workingDir ?? "/",
      ...(image.user === undefined ? {} : { User: image.user }),
      ...(image.exposedPorts ? { ExposedPorts: ports } : {}),
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "kedge" }],
  };
}

async function tarOf(files: ImageFile[]): Promise<Buffer> {
  const archive = pack();
  for (const file of files) addEntry(archive, file);
  archive.finalize();
  return buffer(archive);
}

function addEntry(archive: Pack, file: ImageFile): void {
  const name = file.path.replace(/^\//, "");
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  if ("linkTo" in file) archive.entry({ ...common, name, type: "symlink", linkname: file.linkTo });
  else if ("isDirectory" in file) archive.entry({ ...common, name, type: "directory", mode: file.mode ?? 0o755 });
  else {
    const content = "source" in file ? readFileSync(file.source) : file.content;
    archive.entry({ ...common, name, mode: file.mode ?? 0o644 }, content);
  }
}

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
