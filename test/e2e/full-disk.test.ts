/** The control plane's disk is full: writes are refused whole, reads go on, and room is all that it takes to mend it. */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Target } from "../bench/target.ts";
import { eventually } from "./harness/eventually.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-agent", "--no-example");
const path = "/api/v1/namespaces/default/configmaps";
const mostWrites = 200;
let target: Target;
let disk: string;

/** A disk of its own for the database; what is there already is a megabyte. */
beforeAll(async () => {
  const cluster = use.current;
  await cluster.stop();
  disk = join(cluster.stateDir, "d1");
  const kept = join(cluster.stateDir, "d1-kept");
  cpSync(disk, kept, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "kedge-full-disk", disk]);
  cpSync(kept, disk, { recursive: true });
  rmSync(kept, { recursive: true });
  await cluster.startAgain();
  const { server, adminToken, ca } = cluster;
  target = new Target({ server, token: adminToken, ca });
});
afterAll(async () => {
  target?.close();
  await use.current.stop();
  execFileSync("umount", ["-l", disk]);
});

const write = (name: string) => target.send("POST", path, { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { text: "x".repeat(400_000) } });

/** Of those that begin with `kept`; of a refused one nobody may be able to tell whether it was written. */
function keptIn(list: string): string[] {
  const { items } = JSON.parse(list) as { items: { metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("kept")).toSorted();
}

it("refuses what it cannot keep, loses nothing that it acknowledged, and goes on once there is room", async () => {
  let kept = 0;
  while (kept < mostWrites && (await write(`kept-${kept + 10}`)).status === 201) kept += 1;
  const acknowledged = Array.from({ length: kept }, (_, index) => `kept-${index + 10}`);
  expect(kept).toBeGreaterThan(3);

  for (let round = 0; round < 5; round++) {
    const refusal = await write(`refused-${round}`);
    expect([503, 504]).toContain(refusal.status);
    expect(JSON.parse(refusal.text)).toMatchObject({ kind: "Status", status: "Failure", code: refusal.status });
    const read = await target.send("GET", path);
    if (read.status === 200) expect(keptIn(read.text)).toEqual(expect.arrayContaining(acknowledged));
    else expect(read).toEqual({ status: 503, text: expect.stringContaining("the database cannot be reached") as unknown });
  }

  execFileSync("mount", ["-o", "remount,size=64m", disk]);
  await eventually(async () => expect((await write("kept-on")).status).toBe(201), { timeoutMs: 30_000 });
  expect(keptIn((await target.send("GET", path)).text)).toEqual(expect.arrayContaining([...acknowledged, "kept-on"]));
});
