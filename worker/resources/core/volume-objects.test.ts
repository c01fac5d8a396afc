import { describe, expect, it } from "vitest";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { accepted, created, errorsOf, rowOf, updateErrorsOf } from "../testing.ts";
import { persistentVolumeClaims } from "./persistent-volume-claims.ts";

const volume = (spec: object): KubernetesObject => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "x" },
  spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, nfs: { server: "s", path: "/p" }, ...spec },
});
const claim = (spec: object = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "x", namespace: "ns" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
});
const modes = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"';

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a volume that is nowhere", volume({ nfs: undefined }), ["spec: Required value: must specify a volume type"]],
    ["a volume in two places", volume({ hostPath: { path: "/a" } }), ["spec.hostPath: Forbidden: may not specify more than 1 volume type"]],
    ["a volume without a size", volume({ capacity: {} }), ["spec.capacity: Required value"]],
    ["a volume of no size", volume({ capacity: { storage: "0" } }), ['spec.capacity[storage]: Invalid value: "0": must be greater than zero']],
    ["a volume of processors", volume({ capacity: { cpu: "1" } }), ['spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"']],
    ["a volume that nobody may mount", volume({ accessModes: [] }), ["spec.accessModes: Required value"]],
    ["a mode that is none", volume({ accessModes: ["Mine"] }), [`spec.accessModes: Unsupported value: "Mine": supported values: ${modes}`]],
    ["one pod, and others", volume({ accessModes: ["ReadWriteOncePod", "ReadOnlyMany"] }), ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"]],
    ["a local volume anywhere", volume({ nfs: undefined, local: { path: "/a" } }), ["spec.nodeAffinity: Required value: Local volume requires node affinity"]],
    ["a path that climbs", volume({ nfs: undefined, hostPath: { path: "/a/../b" } }), [`spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'`]],
    ["a share at a relative path", volume({ nfs: { server: "s", path: "p" } }), ['spec.nfs.path: Invalid value: "p": must be an absolute path']],
    ["a driver without a handle", volume({ nfs: undefined, csi: { driver: "d" } }), ["spec.csi.volumeHandle: Required value"]],
    ["an unknown end", volume({ persistentVolumeReclaimPolicy: "Burn" }), ['spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"']],
    ["a claim without a size", claim({ resources: {} }), ["spec.resources[storage]: Required value"]],
    ["a claim without a mode", claim({ accessModes: [] }), ["spec.accessModes: Required value: at least 1 access mode is required"]],
    ["a claim filled from a Secret", claim({ dataSource: { kind: "Secret", name: "s" } }), ["dataSource", "dataSourceRef"].map((field) => `spec.${field}: Invalid value: "Secret": must be 'PersistentVolumeClaim' when referencing the default apiGroup`)],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

describe("a change of a volume", () => {
  it("may not move it", () => {
    expect(updateErrorsOf(volume({ nfs: { server: "t", path: "/p" } }), volume({}))).toEqual(["spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation"]);
  });

  it("may make it larger, and give it to a claim", () => {
    expect(updateErrorsOf(volume({ capacity: { storage: "2Gi" }, claimRef: { namespace: "a", name: "b" } }), volume({}))).toEqual([]);
  });
});

describe("a change of a claim", () => {
  const only = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
  const smaller = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity";
  const sized = (storage: string) => claim({ resources: { requests: { storage } } });
  const rows: [sentence: string, next: KubernetesObject, isBound: boolean, errors: string[]][] = [
    ["may ask for more once it is bound", sized("2Gi"), true, []],
    ["may not ask for more before", sized("2Gi"), false, [only]],
    ["may not ask for less than it has", sized("512Mi"), true, [smaller]],
    ["may choose a class where it had none", claim({ storageClassName: "fast" }), false, []],
    ["may name its volume", claim({ volumeName: "v" }), false, []],
    ["may not change its modes", claim({ accessModes: ["ReadOnlyMany"] }), true, [only]],
    ["may change the class of its attributes once it is bound", claim({ volumeAttributesClassName: "gold" }), true, []],
  ];
  it.each(rows)("%s", (_, next, isBound, errors) => {
    const status = isBound ? { phase: "Bound", capacity: { storage: "1Gi" } } : { phase: "Pending" };
    // Created above, so complete.
    const previous = { ...created(claim()), status } as Stored<KubernetesObject>;
    const found = persistentVolumeClaims.validateUpdate?.(accepted(next), previous) ?? [];
    expect(found.map(({ path, message }) => `${path}: ${message}`)).toEqual(errors);
  });
});

it("a volume is kept after its claim, and is pending from its first moment", () => {
  expect(created(volume({}))).toMatchObject({ spec: { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" }, status: { phase: "Pending", lastPhaseTransitionTime: "2026-01-01T00:00:00Z" } });
});

it("both fields of a claim say what it is filled from", () => {
  const source = { kind: "PersistentVolumeClaim", name: "old" };
  expect(created(claim({ dataSource: source }))["spec"]).toMatchObject({ dataSource: source, dataSourceRef: source });
  expect(created(claim({ dataSourceRef: source }))["spec"]).toMatchObject({ dataSource: source, dataSourceRef: source });
  expect(created(claim({ dataSourceRef: { ...source, namespace: "other" } }))["spec"]).not.toHaveProperty("dataSource");
});

it("rows say size, modes and state", () => {
  const bound = { ...volume({ accessModes: ["ReadWriteMany", "ReadWriteOnce"], claimRef: { namespace: "a", name: "b" }, storageClassName: "fast" }), status: { phase: "Bound" } };
  expect(rowOf(bound)).toMatchObject({ Capacity: "1Gi", "Access Modes": "RWO,RWX", Status: "Bound", Claim: "a/b", StorageClass: "fast", VolumeAttributesClass: "<unset>", Reason: "" });
  expect(rowOf({ ...claim({ volumeName: "v" }), status: { phase: "Bound", capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] } })).toMatchObject({ Status: "Bound", Volume: "v", Capacity: "1Gi", "Access Modes": "RWO" });
  const ending = claim();
  expect(rowOf({ ...ending, metadata: { ...ending.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } })).toMatchObject({ Status: "Terminating", Capacity: "" });
});
