/**
 * Real pods: the example's image in our containerd on our network, in a network namespace of the test. Needs root,
 * containerd and the CNI plugins; it is skipped, saying so, only where these are not there.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { namesOf } from "../host/names.ts";
import { findCniDir, findTool } from "../host/packages.ts";
import { removeNode } from "../host/remove-node.ts";
import { run } from "../host/run.ts";
import { Lab, whyNoLab } from "./testing/lab.ts";

const reason = whyNoLab() ?? (findTool("containerd") && findTool("runc") && findCniDir() ? undefined : "not installed: containerd, runc or CNI plugins");
const lab = new Lab();
const stateDir = lab.stateDir();

afterAll(async () => {
  if (reason === undefined) await removeNode(stateDir);
  await lab.close();
});

it.skipIf(reason !== undefined)(
  `pods find each other by every name and take strict turns${reason ? ` (skipped: ${reason})` : ""}`,
  { timeout: 90_000 },
  async () => {
    const namespace = await lab.namespace("pods");
    const command = ["nsenter", `--net=/run/netns/${namespace}`, process.execPath, join(import.meta.dirname, "testing/pods-driver.ts"), stateDir];
    const before = cniNotes();
    const seen = JSON.parse(await run(command, { timeoutMs: 80_000 })) as Record<string, unknown>;
    expect(seen).toEqual({
      byShortName: ["a-0", "a-1", "a-2", "a-0", "a-1", "a-2"],
      byNamespace: ["a-0"],
      byFullName: ["a-1"],
      byAddress: ["a-2"],
      statefulPods: ["a-0", "a-1", "a-2"],
      headless: 3,
      unknown: expect.stringMatching(/^exit \d+: get: nothing: /),
    });
    expect(existsSync(namesOf(stateDir).runtimeDir)).toBe(false);
    expect(cniNotes().filter((note) => !before.includes(note))).toEqual([]);
    expect(await lab.run(namespace, ["ip", "-o", "link"])).not.toMatch(/k[ds][0-9a-f]{6}|veth/);
    expect(await lab.run(namespace, ["nft", "list", "ruleset"])).toBe("");
  },
);

/** What CNI noted of this test's sandboxes, and not of those of others: notes name the pod. */
function cniNotes(): string[] {
  const folder = "/var/lib/cni/results";
  const notes = existsSync(folder) ? readdirSync(folder) : [];
  return notes.filter((note) => /"K8S_POD_UID","a-[012]"/.test(readText(join(folder, note))));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
