/** With the domain's own policy: a Service whose wake was lost hears of its pods from the cron. */
import { expect, it } from "vitest";
import { storePolicy } from "../../worker/controllers/policy.ts";
import type { ObjectIndex } from "../../worker/storage/store.ts";
import { create, remove } from "./objects.ts";
import { openStore, type SingleStore } from "./single-store.ts";

const web = "workload/services/default/web";

/** A store whose wakes get lost (they are acknowledged and never delivered) until told otherwise. */
function withLostWakes() {
  const heard: string[] = [];
  let isLosing = true;
  const store = openStore({
    policy: storePolicy,
    wake: async (target) => {
      if (!isLosing) heard.push(target);
    },
  });
  return { store, heard, mend: () => (isLosing = false) };
}

const service: Partial<ObjectIndex> = { selector: { matchLabels: { app: "web" } } };
const pod: Partial<ObjectIndex> = { labels: { app: "web" } };
const write = (store: SingleStore, ...operations: ReturnType<typeof create | typeof remove>[]) => store.wait(store.core.write({ operations }));

async function cronAfterAMinute(store: SingleStore): Promise<void> {
  store.clock.advance(60_000);
  const dueAt = store.database.prepare("SELECT due_at FROM meta").get()?.["due_at"];
  if (typeof dueAt === "number" && dueAt <= store.clock.now()) await store.wait(store.core.maintain());
}

it.each<[string, (store: SingleStore) => Promise<unknown>]>([
  ["a pod that it selects came", (store) => write(store, create("pods/default/new", "", pod))],
  ["a pod that it selects went", (store) => write(store, remove("pods/default/old"))],
  ["somebody changed its Endpoints", (store) => write(store, create("endpoints/default/web"))],
])("a Service is woken again after %s", async (_what, change) => {
  const { store, heard, mend } = withLostWakes();
  await write(store, create("services/default/web", "", service), create("services/default/other", "", { selector: { matchLabels: { app: "x" } } }), create("pods/default/old", "", pod));
  await cronAfterAMinute(store);
  await change(store);
  mend();
  await cronAfterAMinute(store);
  expect(heard.filter((target) => target.startsWith("workload/services/"))).toEqual([web]);
});

it("nothing is woken again for what concerns no Service", async () => {
  const { store, heard, mend } = withLostWakes();
  await write(store, create("configmaps/default/c"), create("pods/default/alone"));
  mend();
  await cronAfterAMinute(store);
  expect(heard).toEqual([]);
});
