import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { mountsBeneath, unmountBeneath } from "./mounts.ts";
import { namesOf } from "./names.ts";
import { removeHost } from "./remove.ts";

const reason = process.getuid?.() === 0 ? undefined : "needs root";
const folder = realpathSync(mkdtempSync(join(tmpdir(), "kedge-remove-")));

afterEach(async () => {
  await unmountBeneath(folder);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(reason !== undefined)(`removing a host${reason ? ` (skipped: ${reason})` : ""}`, () => {
  it("lets go of what pods had mounted, so that deleting the state directory keeps a user's own folder", async () => {
    const [theirs, stateDir] = [join(folder, "theirs"), join(folder, "state")];
    const pod = join(stateDir, "agent/pods/uid-1");
    const [subPath, memory] = [join(pod, "volume-subpaths/main/0"), join(pod, "volumes/memory")];
    for (const path of [theirs, subPath, memory]) mkdirSync(path, { recursive: true });
    writeFileSync(join(theirs, "precious"), "");
    execFileSync("mount", ["--bind", theirs, subPath]);
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", memory]);
    await removeHost(namesOf(stateDir));
    expect(mountsBeneath(stateDir)).toEqual([]);
    rmSync(stateDir, { recursive: true });
    expect(existsSync(join(theirs, "precious"))).toBe(true);
  });
});
