import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import { testPod } from "../pods/testing.ts";
import { DesiredFile } from "./desired-file.ts";
import { emptyState, type DesiredState } from "./desired-state.ts";
import { createKey, type Identity } from "./identity.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "kedge-desired-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const identity = { privateKey: createKey() } as Identity;
const state: DesiredState = {
  ...emptyState("cluster"),
  epoch: 3,
  revision: 42,
  pods: new Map([["pods/default/web", testPod()]]),
  secrets: new Map([["secrets/default/keys", { metadata: { name: "keys", uid: "u", resourceVersion: "1", creationTimestamp: "" }, data: { token: "c2VjcmV0" } }]]),
};
const fileOf = (owner = identity) => new DesiredFile({ path: join(folder, "desired.json"), identity: owner, clock: new FakeClock() });

describe("DesiredFile", () => {
  it("gives back what was saved", async () => {
    const file = fileOf();
    file.save(state);
    await file.flush();
    expect(await fileOf().read()).toEqual(state);
  });
  it("is its owner's alone and tells no secret", async () => {
    const file = fileOf();
    file.save(state);
    await file.flush();
    expect(statSync(join(folder, "desired.json")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "desired.json"), "utf8")).not.toContain("c2VjcmV0");
  });
  it("cannot be read with another agent's key", async () => {
    const file = fileOf();
    file.save(state);
    await file.flush();
    expect(await fileOf({ privateKey: createKey() } as Identity).read()).toBeUndefined();
  });
  it("takes a damaged or missing file as none", async () => {
    expect(await fileOf().read()).toBeUndefined();
    writeFileSync(join(folder, "desired.json"), "{");
    expect(await fileOf().read()).toBeUndefined();
  });
});
