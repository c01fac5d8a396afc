/** With the domain's own policy: wakes of deletions that were given up, which nothing that is stored shows any more. */
import { expect, it } from "vitest";
import { storePolicy } from "../../worker/controllers/policy.ts";
import type { ObjectIndex } from "../../worker/storage/store.ts";
import { create, remove } from "./objects.ts";
import { openStore, type SingleStore } from "./single-store.ts";

const replicaSet = "workload/replicasets.apps/default/web";
const service = "workload/services/default/web";

const owner = { key: "replicasets.apps/default/web", uid: "rs" };
const selecting: Partial<ObjectIndex> = { selector: { matchLabels: { app: "web" } } };
const pod: Partial<ObjectIndex> = { labels: { app: "web" }, controller: owner, owners: [owner], fields: { "spec.nodeName": "n1" } };

/** A store that does not reach one target until told otherwise. */
function unreachable(target: string) {
  const heard: string[] = [];
  let isAway = true;
  const store = openStore({
    policy: storePolicy,
    wake: async (name) => {
      if (isAway && name === target) throw new Error("not reached");
      heard.push(name);
    },
  });
  return { store, heard, mend: () => (isAway = false) };
}

const write = (store: SingleStore, ...operations: ReturnType<typeof create | typeof remove>[]) => store.wait(store.core.write({ operations }));
const meta = (store: SingleStore) => store.database.prepare("SELECT rv, cursor, due_at, overdue FROM meta").get();

async function minutes(store: SingleStore, count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    store.clock.advance(60_000);
    const dueAt = meta(store)?.["due_at"];
    if (typeof dueAt === "number" && dueAt <= store.clock.now()) await store.wait(store.core.maintain());
  }
}

async function deletedWhileAway(target: string) {
  const world = unreachable(target);
  const { store } = world;
  await write(store, create("nodes//n1"), create("replicasets.apps/default/web", "", { ...selecting, uid: "rs" }), create("services/default/web", "", selecting), create("pods/default/p", "", pod));
  await write(store, remove("pods/default/p"));
  await minutes(store, 3);
  return world;
}

it.each([["its ReplicaSet", replicaSet], ["its Service", service]])("a deleted pod reaches %s in the end, though every try failed and the instance died", async (_who, target) => {
  const { store, heard, mend } = await deletedWhileAway(target);
  expect(JSON.parse(String(meta(store)?.["overdue"]))).toEqual([target]);
  expect(heard).not.toContain(target);
  store.core = store.another();
  mend();
  await minutes(store, 2);
  expect(heard).toContain(target);
});

it("what was given up does not hold the cursor, and is forgotten once it was reached", async () => {
  const { store, mend } = await deletedWhileAway(replicaSet);
  expect(meta(store)?.["cursor"]).toBe(meta(store)?.["rv"]);
  mend();
  await minutes(store, 12);
  expect(meta(store)).toMatchObject({ overdue: "[]", due_at: null });
});

it("a new instance tries at once, not only when the cron comes", async () => {
  const { store, heard, mend } = await deletedWhileAway(replicaSet);
  store.core = store.another();
  mend();
  await store.wait(store.core.list({ resource: "pods" }));
  await store.clock.runUntil(() => heard.includes(replicaSet));
});

it("beyond a thousand the cursor waits", async () => {
  const store = openStore({ policy: { wakesOf: ({ key }) => [key], scopesOf: () => [] }, wake: () => Promise.reject(new Error("not reached")) });
  await write(store, ...Array.from({ length: 1_100 }, (_, at) => create(`sets//${at}`)));
  await minutes(store, 5);
  expect((JSON.parse(String(meta(store)?.["overdue"])) as string[]).length).toBe(1_000);
  expect(Number(meta(store)?.["cursor"])).toBeLessThan(Number(meta(store)?.["rv"]));
});
