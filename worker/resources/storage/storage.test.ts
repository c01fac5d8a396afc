import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf, updateErrorsOf } from "../testing.ts";

const of = (kind: string, rest: object, metadata: object = {}): KubernetesObject => ({ apiVersion: "storage.k8s.io/v1", kind, metadata: { name: "x", namespace: "ns", ...metadata }, ...rest });
const storageClass = (rest: object): KubernetesObject => of("StorageClass", { provisioner: "csi.example.com", ...rest });
const driver = (spec: object): KubernetesObject => of("CSIDriver", { spec });
const node = (...drivers: object[]): KubernetesObject => of("CSINode", { spec: { drivers } });
const attachment = (source: object): KubernetesObject => of("VolumeAttachment", { spec: { attacher: "csi.example.com", nodeName: "n", source } });

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a class without a provisioner", of("StorageClass", {}), ["provisioner: Required value"]],
    ["a class that recycles", storageClass({ reclaimPolicy: "Recycle" }), ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"']],
    ["a class that binds some day", storageClass({ volumeBindingMode: "Later" }), ['volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"']],
    ["a parameter without a name", storageClass({ parameters: { "": "a" } }), ['parameters: Invalid value: "": field can not be empty.']],
    ["a zone twice", storageClass({ allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["a", "a"] }] }] }), ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"']],
    ["a driver whose volumes live strangely", driver({ volumeLifecycleModes: ["Eternal"] }), ['spec.volumeLifecycleModes: Unsupported value: "Eternal": supported values: "Ephemeral", "Persistent"']],
    ["a token for a minute", driver({ tokenRequests: [{ audience: "a", expirationSeconds: 60 }] }), ["spec.tokenRequests[0].expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes"]],
    ["a node's driver without its id", node({ name: "d", nodeID: "" }), ["spec.drivers[0].nodeID: Required value"]],
    ["a driver twice", node({ name: "d", nodeID: "a" }, { name: "d", nodeID: "b" }), ['spec.drivers[1].name: Duplicate value: "d"']],
    ["less than nothing", of("CSIStorageCapacity", { storageClassName: "fast", capacity: "-1" }), ['capacity: Invalid value: "-1": must be greater than or equal to 0']],
    ["an attachment of nothing", attachment({}), ["spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName"]],
    ["an attachment of two things", attachment({ persistentVolumeName: "v", inlineVolumeSpec: {} }), ["spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName"]],
    ["attributes of nobody's", of("VolumeAttributesClass", { parameters: { a: "b" } }), ["driverName: Required value"]],
    ["a runtime of no name", { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "x" }, handler: "a.b" }, [expect.stringMatching(/^handler: Invalid value: "a\.b": a lowercase RFC 1123 label/) as unknown as string]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

describe("a change", () => {
  const rows: [sentence: string, next: KubernetesObject, previous: KubernetesObject, errors: string[]][] = [
    ["of a class's provisioner and parameters is forbidden", storageClass({ provisioner: "b.c", parameters: { a: "b" } }), storageClass({}), ["parameters: Forbidden: updates to parameters are forbidden.", "provisioner: Forbidden: updates to provisioner are forbidden."]],
    ["of whether claims may grow is fine", storageClass({ allowVolumeExpansion: true }), storageClass({}), []],
    ["of whether a driver attaches is refused", driver({ attachRequired: false }), driver({}), ["spec.attachedRequired: Invalid value: false: field is immutable"]],
    ["of a node's driver is refused", node({ name: "d", nodeID: "b" }), node({ name: "d", nodeID: "a" }), ['spec.drivers[0]: Invalid value: {"name":"d","nodeID":"b"}: field is immutable']],
    ["of what it can take is fine", node({ name: "d", nodeID: "a", allocatable: { count: 3 } }), node({ name: "d", nodeID: "a" }), []],
    ["that adds a driver is fine", node({ name: "d", nodeID: "a" }, { name: "e", nodeID: "a" }), node({ name: "d", nodeID: "a" }), []],
    ["of attributes is forbidden", of("VolumeAttributesClass", { driverName: "d", parameters: { a: "c" } }), of("VolumeAttributesClass", { driverName: "d", parameters: { a: "b" } }), ["parameters: Forbidden: updates to parameters are forbidden."]],
  ];
  it.each(rows)("%s", (_, next, previous, errors) => {
    expect(updateErrorsOf(next, previous)).toEqual(errors);
  });
});

it("a class deletes and binds at once, a driver attaches, an attachment is not made yet", () => {
  expect(created(storageClass({}))).toMatchObject({ reclaimPolicy: "Delete", volumeBindingMode: "Immediate" });
  expect(created(driver({}))["spec"]).toEqual({
    attachRequired: true,
    fsGroupPolicy: "ReadWriteOnceWithFSType",
    podInfoOnMount: false,
    requiresRepublish: false,
    seLinuxMount: false,
    storageCapacity: false,
    volumeLifecycleModes: ["Persistent"],
  });
  expect(created(attachment({ persistentVolumeName: "v" }))["status"]).toEqual({ attached: false });
});

it("rows say which class is the default, and who has what", () => {
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  expect(rowOf(of("StorageClass", { provisioner: "p" }, { annotations }))).toMatchObject({ Name: "x (default)", Provisioner: "p", AllowVolumeExpansion: false });
  expect(rowOf(attachment({ persistentVolumeName: "v" }))).toMatchObject({ Attacher: "csi.example.com", PV: "v", Node: "n", Attached: false });
  expect(rowOf(node({ name: "d", nodeID: "a" }))).toMatchObject({ Drivers: 1 });
  expect(rowOf(driver({ tokenRequests: [{ audience: "a" }, { audience: "b" }] }))).toMatchObject({ TokenRequests: "a,b", Modes: "<none>" });
});
