import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";
import { imageArchitecture, imageArchive, type ImageFile } from "./image-archive.ts";

async function entriesOf(archive: Buffer): Promise<Map<string, { content: Buffer; type: string; mode: number }>> {
  const entries = new Map<string, { content: Buffer; type: string; mode: number }>();
  const reading = Readable.from([archive]).pipe(extract());
  for await (const entry of reading) {
    const content = await buffer(entry);
    entries.set(entry.header.name, { content, type: entry.header.type ?? "", mode: entry.header.mode ?? 0 });
  }
  return entries;
}

const files: ImageFile[] = [
  { path: "/bin/app", content: "#!/bin/sh\n", mode: 0o755 },
  { path: "/bin/alias", linkTo: "app" },
  { path: "/tmp", isDirectory: true, mode: 0o1777 },
  { path: "/etc/hosts", source: "/etc/hosts" },
];
const image = (version: string, own: ImageFile[] = files) => ({ name: `app:${version}`, files: own, entrypoint: ["/bin/app"], env: { VERSION: version } });

interface ManifestEntry {
  Config: string;
  RepoTags: string[];
  Layers: string[];
}

describe("imageArchive", () => {
  it("writes what `docker save` writes: manifest, configuration, layer", async () => {
    const entries = await entriesOf(await imageArchive(image("1")));
    const [manifest] = JSON.parse(entries.get("manifest.json")?.content.toString() ?? "") as ManifestEntry[];
    expect(manifest?.RepoTags).toEqual(["app:1"]);
    const config = JSON.parse(entries.get(manifest?.Config ?? "")?.content.toString() ?? "") as { config: object };
    expect(config).toMatchObject({ architecture: imageArchitecture(), os: "linux", config: { Entrypoint: ["/bin/app"], Env: ["VERSION=1"] } });
    const layer = await entriesOf(entries.get(manifest?.Layers[0] ?? "")?.content ?? Buffer.alloc(0));
    expect([...layer].map(([name, entry]) => [name, entry.type, entry.mode.toString(8)])).toEqual([
      ["bin/app", "file", "755"],
      ["bin/alias", "symlink", expect.any(String)],
      ["tmp", "directory", "1777"],
      ["etc/hosts", "file", "644"],
    ]);
  });
  it("gives the same bytes for the same files", async () => {
    expect((await imageArchive(image("1"))).equals(await imageArchive(image("1", [...files])))).toBe(true);
  });
  it("holds a layer that two images share once", async () => {
    const entries = await entriesOf(await imageArchive(image("1"), image("2")));
    const manifest = JSON.parse(entries.get("manifest.json")?.content.toString() ?? "") as ManifestEntry[];
    expect(manifest.map((entry) => entry.RepoTags)).toEqual([["app:1"], ["app:2"]]);
    expect(manifest[0]?.Layers).toEqual(manifest[1]?.Layers);
    expect(manifest[0]?.Config).not.toBe(manifest[1]?.Config);
    expect(entries.size).toBe(4);
  });
});
