/** The commands `load` and `down` as a user runs them, where no node runs; with one they are in host/containerd.test.ts. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "kedge-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function command(name: string, ...args: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...args], { encoding: "utf8" });
  return { status, stderr: stderr.trim() };
}

describe("load", () => {
  it.each([
    ["asks for an archive", ["--state-dir", folder], "name the archives to load, as `docker save` or an OCI tool wrote them"],
    ["says that no node runs", ["image.tar", "--state-dir", folder], `no node runs for ${folder}: start it first, with npm start`],
  ])("%s", (_, args, expected) => expect(command("load", ...args)).toEqual({ status: 1, stderr: expected }));
});

describe("down", () => {
  it("asks what to remove", () => expect(command("down")).toMatchObject({ status: 1, stderr: expect.stringContaining("--state-dir DIR") }));
  it.skipIf(process.getuid?.() !== 0)("has nothing to do where nothing is (needs root)", () => {
    expect(command("down", "--state-dir", join(folder, "none"))).toEqual({ status: 0, stderr: "" });
  });
});
