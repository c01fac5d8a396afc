import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeMissing } from "./mounts.ts";

let folder: string;
let volume: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-mounts-"));
  volume = join(folder, "volume");
  mkdirSync(volume);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a missing sub-path", () => {
  it("is made folder by folder", async () => {
    await makeMissing(volume, "a/./b//c");
    expect(readdirSync(join(volume, "a", "b"))).toEqual(["c"]);
    await makeMissing(volume, "a/b/c/d");
    expect(readdirSync(join(volume, "a", "b", "c"))).toEqual(["d"]);
  });
  it("is not made beyond a link", async () => {
    const outside = mkdtempSync(join(folder, "outside-"));
    symlinkSync(outside, join(volume, "link"));
    await makeMissing(volume, "link/a");
    expect(readdirSync(outside)).toEqual([]);
  });
  it("leaves the volume for nobody", async () => {
    await expect(makeMissing(volume, "a/../../b")).rejects.toThrow('must not contain ".."');
  });

  it("is made in the volume alone, however fast a container swaps a folder for a link", async () => {
    const outside = mkdtempSync(join(folder, "outside-"));
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const [own, real, link] = [join(volume, "a"), join(volume, "real"), join(volume, "link")];
      mkdirSync(own);
      symlinkSync(outside, link);
      const making = makeMissing(volume, `a/${attempt}/x`).catch(() => undefined);
      // After some turns of the event loop, another number each time.
      for (let turn = 0; turn < attempt % 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      renameSync(own, real);
      renameSync(link, own);
      await making;
      for (const path of [own, real]) rmSync(path, { recursive: true, force: true });
    }
    expect(readdirSync(outside)).toEqual([]);
  });
});
