import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { namesOf } from "./names.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "kedge-names-")));
afterAll(() => rmSync(folder, { recursive: true }));

describe("namesOf", () => {
  it("gives one directory one set of names, by whatever path it is called", () => {
    mkdirSync(join(folder, "real/state"), { recursive: true });
    symlinkSync(join(folder, "real"), join(folder, "link"));
    expect(namesOf(join(folder, "link/state"))).toEqual(namesOf(join(folder, "real/state")));
    expect(namesOf(join(folder, "real/../real/state/"))).toEqual(namesOf(join(folder, "real/state")));
  });
  it("knows the names before the directory exists, and does not change them after", () => {
    symlinkSync(folder, join(folder, "again"));
    const before = namesOf(join(folder, "again/new"));
    mkdirSync(join(folder, "new"));
    expect(namesOf(join(folder, "new"))).toEqual(before);
  });
  it("gives two directories names that do not meet", () => {
    const [a, b] = [namesOf("/srv/a"), namesOf("/srv/b")];
    for (const key of Object.keys(a) as (keyof typeof a)[]) expect(a[key]).not.toBe(b[key]);
  });
  it("fits what the kernel takes, however long the directory's path is", () => {
    const names = namesOf(`/srv/${"a-long-name/".repeat(40)}`);
    expect(Buffer.byteLength(names.containerdSocket)).toBeLessThan(108);
    expect(names.bridge.length).toBeLessThanOrEqual(15);
    expect(names.serviceInterface.length).toBeLessThanOrEqual(15);
  });
});
