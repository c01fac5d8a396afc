import { beforeEach, describe, expect, it } from "vitest";
import { call, type Json, prepare } from "../http/api.ts";
import { created, eventuallyGone, freshNamespace, got, namesAt, patched, removed } from "./harness.ts";

beforeEach(prepare);

const labels = { "e2e-pv": "volumes" };
const selector = "labelSelector=e2e-pv%3Dvolumes";
const volumes = "/api/v1/persistentvolumes";

const volume = (name: string) => ({
  metadata: { name, labels },
  spec: { capacity: { storage: "2Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/tmp/e2e" }, storageClassName: "e2e" },
});
const claim = (name: string) => ({
  metadata: { name, labels },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "e2e" },
});

async function update(path: string, change: (object: Json) => object): Promise<Json> {
  const answer = await call("PUT", path, { body: change(await got(path)) });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

const withLabel = (object: Json) => ({ ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, updated: "yes" } } });

describe("persistent volumes and their claims", () => {
  it("PersistentVolumes(Claims), lifecycle", async () => {
    const claims = `${await freshNamespace("volumes")}/persistentvolumeclaims`;
    const [pv, pvc] = [await created(volumes, volume("pv-1")), await created(claims, claim("pvc-1"))];
    expect(await namesAt(`${volumes}?${selector}`)).toEqual(["pv-1"]);
    expect(await namesAt(claims)).toEqual(["pvc-1"]);
    for (const path of [`${volumes}/pv-1`, `${claims}/pvc-1`]) {
      expect((await patched(path, { metadata: { labels: { patched: "yes" } } })).metadata.labels).toMatchObject({ patched: "yes" });
    }
    expect((await got(`${volumes}/pv-1`)).metadata.uid).toBe(pv.metadata.uid);
    expect((await got(`${claims}/pvc-1`)).metadata.uid).toBe(pvc.metadata.uid);
    for (const path of [`${claims}/pvc-1`, `${volumes}/pv-1`]) {
      await removed(path);
      await eventuallyGone(path);
    }
    await created(volumes, volume("pv-2"));
    await created(claims, claim("pvc-2"));
    for (const path of [`${volumes}/pv-2`, `${claims}/pvc-2`]) expect((await update(path, withLabel)).metadata.labels).toMatchObject({ updated: "yes" });
    await removed(`${claims}?${selector}`);
    await removed(`${volumes}?${selector}`);
    await eventuallyGone(`${claims}/pvc-2`);
    await eventuallyGone(`${volumes}/pv-2`);
  });

  it("PersistentVolumes(Claims), apply changes to a pv/pvc status", async () => {
    const claims = `${await freshNamespace("volumes")}/persistentvolumeclaims`;
    await created(volumes, volume("pv-3"));
    await created(claims, claim("pvc-3"));
    expect((await got(`${claims}/pvc-3/status`)).status).toMatchObject({ phase: "Pending" });
    expect((await got(`${volumes}/pv-3/status`)).status).toMatchObject({ phase: expect.stringMatching(/Pending|Available/) });
    const condition = { type: "StatusPatched", status: "True", reason: "E2E patchedStatus", message: "Set by an e2e test" };
    expect((await patched(`${claims}/pvc-3/status`, { status: { conditions: [condition] } })).status).toMatchObject({ conditions: [condition] });
    const told = { message: "StatusPatched", reason: "E2E-patchStatus" };
    expect((await patched(`${volumes}/pv-3/status`, { status: told })).status).toMatchObject(told);
    const updated = await update(`${claims}/pvc-3/status`, (object) => ({ ...object, status: { ...(object.status as object), conditions: [condition, { ...condition, type: "StatusUpdated" }] } }));
    expect(updated.status).toMatchObject({ conditions: [{ type: "StatusPatched" }, { type: "StatusUpdated" }] });
    const again = { message: "StatusUpdated", reason: "E2E-updateStatus" };
    expect((await update(`${volumes}/pv-3/status`, (object) => ({ ...object, status: { ...(object.status as object), ...again } }))).status).toMatchObject(again);
    await removed(`${claims}/pvc-3`);
    await removed(`${volumes}/pv-3`);
  });
});
