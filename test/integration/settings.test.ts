/** The settings' cache against the real store: what it is told, and that it is told nothing when nothing changed. */
import { beforeEach, describe, expect, it } from "vitest";
import { env } from "cloudflare:test";
import type { Store } from "../../worker/storage/store.ts";
import { call, prepare } from "./http/api.ts";

const store = () => env.STORE.getByName("store") as unknown as Store;
const classes = "priorityclasses.scheduling.k8s.io";
const keysOf = (lists: Record<string, { key: string }[]>) => (lists[classes] ?? []).map(({ key }) => key);

beforeEach(prepare);

describe("changed lists", () => {
  it("are whole for who holds nothing, absent for who holds the present state, and whole again after a change", async () => {
    await call("GET", "/api/v1/namespaces/default");
    const first = await store().changedLists({ [classes]: -1, limitranges: -1 });
    expect(keysOf(first.lists)).toContain(`${classes}//system-node-critical`);
    expect(first.lists["limitranges"]).toEqual([]);

    await call("POST", "/api/v1/namespaces/default/configmaps", { body: { metadata: { name: "no-setting" } } });
    const second = await store().changedLists({ [classes]: first.revision });
    expect(second.lists).toEqual({});
    expect(second.revision).toBeGreaterThan(first.revision);

    const made = await call("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", { body: { metadata: { name: "gold" }, value: 10 } });
    expect(made.status).toBe(201);
    const third = await store().changedLists({ [classes]: second.revision, limitranges: second.revision });
    expect(keysOf(third.lists)).toContain(`${classes}//gold`);
    expect(Object.keys(third.lists)).toEqual([classes]);
  });
});
