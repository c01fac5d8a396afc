import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf, updateErrorsOf } from "../testing.ts";

const of = (kind: string, spec: object): KubernetesObject => ({ apiVersion: "resource.k8s.io/v1", kind, metadata: { name: "x", namespace: "ns" }, spec });
const claim = (request: object, rest: object = {}): KubernetesObject => of("ResourceClaim", { devices: { requests: [{ name: "gpu", ...request }], ...rest } });
const exactly = (wish: object): KubernetesObject => claim({ exactly: { deviceClassName: "gpu", ...wish } });
const slice = (spec: object): KubernetesObject => of("ResourceSlice", { driver: "gpu.example.com", pool: { name: "p", generation: 1, resourceSliceCount: 1 }, nodeName: "n", ...spec });

describe("is refused", () => {
  const at = "spec.devices.requests[0]";
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a request for nothing", claim({}), [`${at}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`]],
    ["a device of no class", claim({ exactly: {} }), [`${at}.exactly.deviceClassName: Required value`]],
    ["all of three", exactly({ allocationMode: "All", count: 3 }), [`${at}.exactly.count: Invalid value: 3: must not be specified when allocationMode is 'All'`]],
    ["less than one", exactly({ count: -1 }), [`${at}.exactly.count: Invalid value: -1: must be greater than zero`]],
    ["some", exactly({ allocationMode: "Some" }), [`${at}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`]],
    ["a selector that is empty", exactly({ selectors: [{}] }), [`${at}.exactly.selectors[0].cel: Required value`]],
    ["a constraint on what nobody asked for", claim({ exactly: { deviceClassName: "gpu" } }, { constraints: [{ requests: ["nic"], matchAttribute: "a/b" }] }), ['spec.devices.constraints[0].requests[0]: Invalid value: "nic": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'']],
    ["a class configured by nobody", of("DeviceClass", { config: [{ opaque: { parameters: {} } }] }), ["spec.config[0].opaque.driver: Required value"]],
    ["devices that are nowhere", slice({ nodeName: undefined }), ["spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"]],
    ["devices that are here and everywhere", slice({ allNodes: true }), ['spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required']],
    ["a pool of no slices", slice({ pool: { name: "p", generation: 1, resourceSliceCount: 0 } }), ["spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero"]],
    ["a device twice", slice({ devices: [{ name: "a" }, { name: "a" }] }), ['spec.devices[1].name: Duplicate value: "a"']],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("a request is for one device", () => {
  expect(created(exactly({}))).toMatchObject({ spec: { devices: { requests: [{ exactly: { allocationMode: "ExactCount", count: 1 } }] } } });
  expect(created(exactly({ allocationMode: "All" }))).not.toMatchObject({ spec: { devices: { requests: [{ exactly: { count: 1 } }] } } });
});

it("a claim stands as it was made, a slice stays with its driver", () => {
  expect(updateErrorsOf(exactly({ count: 2 }), exactly({ count: 1 }))).toEqual([expect.stringMatching(/^spec: Invalid value: .*: field is immutable$/)]);
  expect(updateErrorsOf(slice({ driver: "b.example.com" }), slice({}))).toEqual(['spec.driver: Invalid value: "b.example.com": field is immutable']);
});

it("a claim's row says what became of it", () => {
  expect(rowOf(exactly({}))).toMatchObject({ State: "pending" });
  expect(rowOf({ ...exactly({}), status: { allocation: {}, reservedFor: [{ resource: "pods", name: "p", uid: "u" }] } })).toMatchObject({ State: "allocated,reserved" });
  expect(rowOf(slice({}))).toMatchObject({ Node: "n", Driver: "gpu.example.com", Pool: "p" });
});
