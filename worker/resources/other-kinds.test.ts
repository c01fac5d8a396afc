import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { created, errorsOf, updateErrorsOf } from "./testing.ts";

const core = (kind: string, rest: object, metadata: object = {}): KubernetesObject => ({ apiVersion: "v1", kind, metadata: { name: "x", namespace: "ns", ...metadata }, ...rest });
const slice = (rest: object): KubernetesObject => ({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata: { name: "x", namespace: "ns" }, addressType: "IPv4", endpoints: [], ...rest });
const keyRule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, error: string][] = [
    ["a ConfigMap with a key that is no file name", core("ConfigMap", { data: { "a/b": "1" } }), `data[a/b]: Invalid value: "a/b": ${keyRule}`],
    ["a ConfigMap above a mebibyte", core("ConfigMap", { data: { a: "x".repeat(1024 * 1024) } }), "[]: Too long: may not be more than 1048576 bytes"],
    ["a ConfigMap with one key twice", core("ConfigMap", { data: { a: "1" }, binaryData: { a: "MQ==" } }), 'data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ["a TLS Secret without its key", core("Secret", { type: "kubernetes.io/tls", data: { "tls.crt": "MQ==" } }), "data[tls.key]: Required value"],
    ["a Namespace with a dot in its name", { apiVersion: "v1", kind: "Namespace", metadata: { name: "a.b" } }, "metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"],
    ["a Node with an unknown taint effect", { apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: { taints: [{ key: "a", effect: "Never" }] } }, 'spec.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'],
    ["an Event about another namespace's object", core("Event", { involvedObject: { kind: "Pod", name: "p", namespace: "other" } }), 'involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ["a Lease of no time", { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "x", namespace: "ns" }, spec: { leaseDurationSeconds: 0 } }, "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"],
    ["an EndpointSlice of no address type", slice({ addressType: undefined }), "addressType: Required value"],
    ["an EndpointSlice with another family's address", slice({ endpoints: [{ addresses: ["::1"] }] }), 'endpoints[0].addresses[0]: Invalid value: "::1": must be an IPv4 address'],
    ["Endpoints with what is no address", core("Endpoints", { subsets: [{ addresses: [{ ip: "300.1.1.1" }] }] }), 'subsets[0].addresses[0].ip: Invalid value: "300.1.1.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ["Endpoints on every node's own loopback", core("Endpoints", { subsets: [{ addresses: [{ ip: "127.0.0.1" }] }] }), 'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ["Endpoints that are not ready and nowhere", core("Endpoints", { subsets: [{ notReadyAddresses: [{ ip: "0.0.0.0" }] }] }), 'subsets[0].notReadyAddresses[0].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)'],
    ["an EndpointSlice that leads to a cloud's metadata", slice({ endpoints: [{ addresses: ["169.254.169.254"] }] }), 'endpoints[0].addresses[0]: Invalid value: "169.254.169.254": may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
    ["an EndpointSlice to all hosts of a link", slice({ addressType: "IPv6", endpoints: [{ addresses: ["ff02::1"] }] }), 'endpoints[0].addresses[0]: Invalid value: "ff02::1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
    ["a Service at a loopback address", core("Service", { spec: { ports: [{ port: 80 }], externalIPs: ["127.0.0.2"] } }), 'spec.externalIPs[0]: Invalid value: "127.0.0.2": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ["a ControllerRevision without data", { apiVersion: "apps/v1", kind: "ControllerRevision", metadata: { name: "x", namespace: "ns" }, revision: 1 }, "data: Required value: data is mandatory"],
    ["a PriorityClass above the users' limit", { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "x" }, value: 2_000_000_000 }, "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
    ["a PriorityClass with a system's name", { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "system-x" }, value: 1 }, "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only"],
  ];
  it.each(rows)("%s", (_, object, error) => {
    expect(errorsOf(object)).toContain(error);
  });
});

it("a ConfigMap's keys may be called like what every object of JavaScript has", () => {
  expect(errorsOf(core("ConfigMap", { data: JSON.parse('{"constructor":"1","__proto__":"2"}') as object }))).toEqual([]);
});

describe("a change is refused", () => {
  const rows: [sentence: string, next: KubernetesObject, previous: KubernetesObject, errors: string[]][] = [
    ["of an immutable ConfigMap's data", core("ConfigMap", { immutable: true, data: { a: "2" } }), core("ConfigMap", { immutable: true, data: { a: "1" } }), ["data: Forbidden: field is immutable when `immutable` is set"]],
    ["of immutability itself", core("ConfigMap", { data: { a: "1" } }), core("ConfigMap", { immutable: true, data: { a: "1" } }), ["immutable: Forbidden: field is immutable when `immutable` is set"]],
    ["of a Secret's type", core("Secret", { type: "x" }), core("Secret", {}), ['type: Invalid value: "x": field is immutable']],
    ["of a Node's pod CIDR", { apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: { podCIDR: "10.0.1.0/24" } }, { apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: { podCIDR: "10.0.0.0/24" } }, ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid']],
    ["of an EndpointSlice's address type", slice({ addressType: "IPv6" }), slice({}), ['addressType: Invalid value: "IPv6": field is immutable']],
    ["of nothing is fine", core("Secret", { data: { a: "MQ==" } }), core("Secret", { stringData: { a: "1" } }), []],
  ];
  it.each(rows)("%s", (_, next, previous, errors) => {
    expect(updateErrorsOf(next, previous)).toEqual(errors);
  });
});

it("a Secret's stringData becomes data", () => {
  expect(created(core("Secret", { data: { a: "MQ==", b: "MQ==" }, stringData: { b: "ü" } }))).toMatchObject({ type: "Opaque", data: { a: "MQ==", b: "w7w=" } });
  expect(created(core("Secret", { stringData: { b: "x" } }))).not.toHaveProperty("stringData");
});

it("a Namespace is Active, holds itself by its finalizer, and is labelled with its name", () => {
  expect(created({ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } })).toMatchObject({
    metadata: { labels: { "kubernetes.io/metadata.name": "a" } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  });
});
