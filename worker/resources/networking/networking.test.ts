import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf, updateErrorsOf } from "../testing.ts";

const of = (kind: string, spec: object, metadata: object = {}): KubernetesObject => ({ apiVersion: "networking.k8s.io/v1", kind, metadata: { name: "x", namespace: "ns", ...metadata }, spec });
const service = { service: { name: "web", port: { number: 80 } } };
const ingress = (path: object, rule: object = {}): KubernetesObject => of("Ingress", { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: service, ...path }] }, ...rule }] });
const policy = (spec: object): KubernetesObject => of("NetworkPolicy", { podSelector: {}, ...spec });
const from = (peer: object): KubernetesObject => policy({ ingress: [{ from: [peer] }] });
const ports = (port: object): KubernetesObject => policy({ egress: [{ ports: [port] }] });

describe("is refused", () => {
  const path = "spec.rules[0].http.paths[0]";
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["an Ingress to nowhere", of("Ingress", {}), ["spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"]],
    ["a path of no type", ingress({ pathType: undefined }), [`${path}.pathType: Required value: pathType must be specified`]],
    ["a path of an unknown type", ingress({ pathType: "Regex" }), [`${path}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`]],
    ["a relative path", ingress({ path: "a" }), [`${path}.path: Invalid value: "a": must be an absolute path`]],
    ["a path that climbs", ingress({ path: "/a/.." }), [`${path}.path: Invalid value: "/a/..": cannot end with '/..'`]],
    ["a path with an empty step", ingress({ path: "/a//b" }), [`${path}.path: Invalid value: "/a//b": must not contain '//'`]],
    ["a backend that is nothing", ingress({ backend: {} }), [`${path}.backend: Invalid value: "": resource or service backend is required`]],
    ["a backend that is two", ingress({ backend: { ...service, resource: { kind: "K", name: "n" } } }), [`${path}.backend: Invalid value: "": cannot set both resource and service backends`]],
    ["a Service without a port", ingress({ backend: { service: { name: "web" } } }), [`${path}.backend: Required value: port name or number is required`]],
    ["a Service with two ports", ingress({ backend: { service: { name: "web", port: { name: "http", number: 80 } } } }), [`${path}.backend: Invalid value: "": cannot set both port name & port number`]],
    ["a host that is an address", ingress({}, { host: "10.0.0.1" }), ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address']],
    ["a wildcard within", ingress({}, { host: "a.*.com" }), [expect.stringMatching(/^spec\.rules\[0\]\.host: Invalid value: "a\.\*\.com": a wildcard DNS-1123 subdomain must start with/) as unknown as string]],
    ["a rule without paths", ingress({}, { http: { paths: [] } }), ["spec.rules[0].http.paths: Required value"]],
    ["a class whose controller has no domain", of("IngressClass", { controller: "nginx" }), ['spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")']],
    ["parameters in no namespace", of("IngressClass", { controller: "a.io/b", parameters: { kind: "K", name: "n", scope: "Namespace" } }), ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]],
    ["a peer that is nobody", from({}), ["spec.ingress[0].from[0]: Required value: must specify a peer"]],
    ["a peer that is a block and pods", from({ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }), ["spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"]],
    ["a block that is none", from({ ipBlock: { cidr: "10.0.0.0/33" } }), ['spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ["an exception outside", from({ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }), ['spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`']],
    ["an exception that is all of it", from({ ipBlock: { cidr: "fd00::/8", except: ["fd00::/8"] } }), ['spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "fd00::/8": must be a strict subset of `cidr`']],
    ["a range of ports without a beginning", ports({ endPort: 90 }), ["spec.egress[0].ports[0].endPort: Forbidden: may not be specified when `port` is not specified"]],
    ["a range of ports that begins with a name", ports({ port: "http", endPort: 90 }), ["spec.egress[0].ports[0].endPort: Forbidden: may not be specified when `port` is non-numeric"]],
    ["a range of ports backwards", ports({ port: 100, endPort: 90 }), ["spec.egress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`"]],
    ["a direction that is none", policy({ policyTypes: ["Sideways"] }), ['spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Egress", "Ingress"']],
    ["an address that is none", of("IPAddress", { parentRef: { resource: "services", name: "a" } }), ['metadata.name: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    ["an address in more than its shortest form", of("IPAddress", { parentRef: { resource: "services", name: "a" } }, { name: "FD00:0::1" }), ['metadata.name: Invalid value: "FD00:0::1": must be in canonical form ("fd00::1")']],
    ["an address of nobody", of("IPAddress", {}, { name: "10.0.0.1" }), ["spec.parentRef: Required value"]],
    ["a range that is none", of("ServiceCIDR", { cidrs: ["10.0.0.0"] }), ['spec.cidrs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ["two ranges of one family", of("ServiceCIDR", { cidrs: ["10.0.0.0/16", "10.1.0.0/16"] }), [expect.stringMatching(/may specify no more than one IP for each IP family/) as unknown as string]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

describe("is fine", () => {
  const rows: [sentence: string, object: KubernetesObject][] = [
    ["any host below a domain", ingress({}, { host: "*.example.com" })],
    ["a path that is the controller's to read", ingress({ path: "", pathType: "ImplementationSpecific" })],
    ["an exception within", from({ ipBlock: { cidr: "fd00::/8", except: ["fd00:1::/32"] } })],
    ["a range of each family", of("ServiceCIDR", { cidrs: ["10.0.0.0/16", "fd00::/108"] })],
    ["an address of the newer kind", of("IPAddress", { parentRef: { resource: "services", name: "a" } }, { name: "fd00::1" })],
  ];
  it.each(rows)("%s", (_, object) => {
    expect(errorsOf(object)).toEqual([]);
  });
});

it("a policy is about what it has rules for, over TCP", () => {
  expect(created(policy({}))).toMatchObject({ spec: { policyTypes: ["Ingress"] } });
  expect(created(ports({ port: 80 }))).toMatchObject({ spec: { policyTypes: ["Ingress", "Egress"], egress: [{ ports: [{ port: 80, protocol: "TCP" }] }] } });
});

it("a class keeps its controller, a range its CIDRs, an address its holder", () => {
  const immutable = (path: string, value: unknown) => [`${path}: Invalid value: ${JSON.stringify(value)}: field is immutable`];
  expect(updateErrorsOf(of("IngressClass", { controller: "a.io/c" }), of("IngressClass", { controller: "a.io/b" }))).toEqual(immutable("spec.controller", "a.io/c"));
  expect(updateErrorsOf(of("ServiceCIDR", { cidrs: ["10.1.0.0/16"] }), of("ServiceCIDR", { cidrs: ["10.0.0.0/16"] }))).toEqual(immutable("spec.cidrs", ["10.1.0.0/16"]));
});

it("rows say hosts, addresses and ports", () => {
  const hosts = ["a", "b", "c", "d"].map((host) => ({ host: `${host}.example.com` }));
  const status = { loadBalancer: { ingress: [{ ip: "10.0.0.2" }, { hostname: "lb.example.com" }, { ip: "10.0.0.1" }] } };
  expect(rowOf({ ...of("Ingress", { ingressClassName: "nginx", rules: hosts, tls: [{}] }), status })).toMatchObject({
    Class: "nginx",
    Hosts: "a.example.com,b.example.com,c.example.com + 1 more...",
    Address: "10.0.0.1,10.0.0.2,lb.example.com",
    Ports: "80, 443",
  });
  expect(rowOf(ingress({}))).toMatchObject({ Class: "<none>", Hosts: "*", Address: "", Ports: "80" });
  expect(rowOf(of("IngressClass", { controller: "a.io/b", parameters: { apiGroup: "a.io", kind: "K", name: "n" } }))).toMatchObject({ Parameters: "K.a.io/n" });
  expect(rowOf(of("NetworkPolicy", { podSelector: { matchLabels: { a: "b" } } }))).toMatchObject({ "Pod-Selector": "a=b" });
  expect(rowOf(of("IPAddress", { parentRef: { group: "gateway.io", resource: "Gateways", namespace: "n", name: "g" } }))).toMatchObject({ ParentRef: "gateways.gateway.io/n/g" });
});
