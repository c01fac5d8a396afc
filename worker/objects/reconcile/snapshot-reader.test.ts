import { describe, expect, it } from "vitest";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { garbageController } from "../../controllers/garbage-collection.ts";
import { namespaceController } from "../../controllers/namespace.ts";
import { noSettings, type Settings } from "../../settings/settings.ts";
import type { StoredObject } from "../../storage/store.ts";
import { SnapshotReader } from "./snapshot-reader.ts";

const definition = {
  metadata: { name: "widgets.example.com", uid: "d", creationTimestamp: "", resourceVersion: "5", generation: 1 },
  spec: { group: "example.com", scope: "Namespaced", names: { plural: "widgets", kind: "Widget" }, versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }] },
  status: { acceptedNames: { plural: "widgets", kind: "Widget" }, storedVersions: ["v1"], conditions: [{ type: "Established", status: "True" }] },
};

/** The copy does not know of widgets yet; the store does. */
const settingsWith = (definitions: object[]): Settings => ({
  list: <T extends KubernetesObject>(resource: string) => (resource.startsWith("customresourcedefinitions") ? definitions : []) as Stored<T>[],
});

const owned = [{ apiVersion: "example.com/v1", kind: "Widget", name: "gone", uid: "owner" }];
const stored: StoredObject[] = [
  { key: "namespaces//n", revision: 1, text: '{"metadata":{"name":"n","uid":"n","deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"finalizers":["kubernetes"]}}' },
  { key: "widgets.example.com/n/a", revision: 2, text: `{"metadata":{"name":"a","namespace":"n","uid":"a","ownerReferences":${JSON.stringify(owned)}}}` },
];

function readerWith(definitions: object[] = [definition]): { reader: SnapshotReader; asked(): number } {
  let asked = 0;
  const store = {
    getMany: (keys: string[]) => Promise.resolve({ revision: 9, items: keys.map((key) => stored.find((one) => one.key === key)) }),
    list: ({ resource, term }: { resource: string; term?: string }) => Promise.resolve({
      revision: 9,
      items: stored.filter(({ key }) => (term === "owner:owner" ? key.startsWith("widgets") : key.startsWith(`${resource}/`))),
    }),
    usedOf: () => Promise.resolve({}),
  };
  const verified = () => {
    asked += 1;
    return Promise.resolve(settingsWith(definitions));
  };
  const nothing = () => Promise.resolve(undefined);
  const credentials = { sign: nothing, accountToken: () => Promise.resolve(""), rootCertificate: () => Promise.resolve("") };
  return { reader: new SnapshotReader(store, { seed: 1, refusals: [], isRequeued: false, credentials, settings: noSettings, verified }), asked: () => asked };
}

describe("a copy of the settings that is older than a definition", () => {
  it("hides no object: the settings are asked for anew, once", async () => {
    const { reader, asked } = readerWith();
    expect((await reader.get("widgets.example.com/n/a"))?.kind).toBe("Widget");
    expect(await reader.list({ resource: "widgets.example.com" })).toHaveLength(1);
    expect([asked(), reader.settings.list("customresourcedefinitions.apiextensions.k8s.io").length]).toEqual([1, 1]);
  });

  it("ends no namespace before that kind's objects", async () => {
    const { reader } = readerWith();
    const snapshot = await namespaceController.observe(reader, "namespaces//n", 0);
    expect(namespaceController.reconcile(snapshot).actions).toMatchObject([{ type: "delete", object: { kind: "Widget", metadata: { name: "a" } } }]);
  });

  it("keeps no dependent of an owner of that kind", async () => {
    const { reader } = readerWith();
    const snapshot = await garbageController.observe(reader, "gc/owner", 0);
    expect(garbageController.reconcile(snapshot).actions).toMatchObject([{ type: "delete", object: { metadata: { name: "a" } } }]);
  });

  it("is not asked for what is of no kind", async () => {
    const { reader, asked } = readerWith();
    stored.push({ key: "_agents//n", revision: 3, text: '{"metadata":{"name":"n"}}' });
    expect(await reader.get("_agents//n")).toBeUndefined();
    expect(asked()).toBe(0);
  });
});
