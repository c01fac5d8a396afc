import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { admitted, contextWith, refusal } from "./testing.ts";

const isDefault = (prefix: string) => ({ [`${prefix}.kubernetes.io/is-default-class`]: "true" });
const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
const classed = (annotations: Record<string, string>) => [
  { metadata: { name: "plain", creationTimestamp: at(5) } },
  { metadata: { name: "older", creationTimestamp: at(1), annotations } },
  { metadata: { name: "newer-b", creationTimestamp: at(2), annotations } },
  { metadata: { name: "newer-a", creationTimestamp: at(2), annotations } },
];

describe("DefaultStorageClass", () => {
  const claim = (spec: object = {}, annotations?: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "x", namespace: "default", ...(annotations === undefined ? {} : { annotations }) },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  });
  const storageClasses = classed(isDefault("storageclass")).map((one) => ({ ...one, provisioner: "example.com/p" }));
  const cluster = contextWith({ "storageclasses.storage.k8s.io": storageClasses });
  const classOf = (object: KubernetesObject, context = cluster) => (admitted(object, context)["spec"] as { storageClassName?: string }).storageClassName;

  test.each<[sentence: string, object: KubernetesObject, name: string | undefined]>([
    ["the newest default, of equally old ones the first by name", claim(), "newer-a"],
    ["not where a class is named", claim({ storageClassName: "older" }), "older"],
    ["not where none is wanted", claim({ storageClassName: "" }), ""],
    ["not where the annotation of old names one", claim({}, { "volume.beta.kubernetes.io/storage-class": "older" }), undefined],
  ])("gives %s", (_, object, name) => {
    expect(classOf(object)).toBe(name);
  });

  test("goes by the mark of old, too", () => {
    const old = contextWith({ "storageclasses.storage.k8s.io": [{ metadata: { name: "old", annotations: isDefault("storageclass.beta") } }] });
    expect(classOf(claim(), old)).toBe("old");
  });

  test("gives nothing where no class is the default", () => {
    expect(classOf(claim(), contextWith({ "storageclasses.storage.k8s.io": storageClasses.slice(0, 1) }))).toBeUndefined();
  });
});

describe("DefaultIngressClass", () => {
  const ingress = (spec: object = {}, annotations?: Record<string, string>) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "x", namespace: "default", ...(annotations === undefined ? {} : { annotations }) },
    spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } }, ...spec },
  });
  const cluster = contextWith({ "ingressclasses.networking.k8s.io": classed(isDefault("ingressclass")) });

  test.each<[sentence: string, object: KubernetesObject, name: string | undefined]>([
    ["the newest default", ingress(), "newer-a"],
    ["not where a class is named", ingress({ ingressClassName: "older" }), "older"],
    ["not where the annotation of old names one", ingress({}, { "kubernetes.io/ingress.class": "older" }), undefined],
  ])("gives %s", (_, object, name) => {
    expect((admitted(object, cluster)["spec"] as { ingressClassName?: string }).ingressClassName).toBe(name);
  });
});

describe("Priority, of the classes", () => {
  const priorityClass = (name: string, globalDefault: boolean) => ({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name }, value: 1, globalDefault });
  const cluster = contextWith({ "priorityclasses.scheduling.k8s.io": [{ metadata: { name: "usual" }, value: 10, globalDefault: true }] });

  test("lets one be the default", () => {
    expect(admitted(priorityClass("first", true)).metadata?.name).toBe("first");
    expect(admitted(priorityClass("second", false), cluster).metadata?.name).toBe("second");
  });

  test("refuses a second default", () => {
    const why = '403 priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass usual is already marked as default. Only one default can exist';
    expect(refusal(() => admitted(priorityClass("second", true), cluster))).toBe(why);
  });
});
