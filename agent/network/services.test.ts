import { describe, expect, it } from "vitest";
import { Forwards, forwardsOfService, weightsAnnotation } from "./services.ts";
import { byName, service, slice } from "./testing/objects.ts";

const ipsOf = (backends: { ip: string }[] | undefined): string[] => (backends ?? []).map((backend) => backend.ip);
const first = (...input: Parameters<typeof forwardsOfService>) => forwardsOfService(...input)[0];

describe("backends", () => {
  it.each([
    ["ready endpoints serve, in the order of their addresses", ["10.0.0.10", "10.0.0.9"], ["10.0.0.9", "10.0.0.10"]],
    ["an endpoint that says nothing of ready is ready", [{ addresses: ["10.0.0.1"] }], ["10.0.0.1"]],
    [
      "an unready endpoint does not serve",
      [{ addresses: ["10.0.0.1"], conditions: { ready: false, serving: false } }, "10.0.0.2"],
      ["10.0.0.2"],
    ],
    [
      "endpoints that end serve while no other is there",
      [{ addresses: ["10.0.0.1"], conditions: { ready: false, serving: true, terminating: true } }],
      ["10.0.0.1"],
    ],
    [
      "endpoints that end stop as soon as one is ready",
      [{ addresses: ["10.0.0.1"], conditions: { ready: false, serving: true, terminating: true } }, "10.0.0.2"],
      ["10.0.0.2"],
    ],
    ["only the first address of an endpoint counts", [{ addresses: ["10.0.0.1", "10.0.0.2"] }], ["10.0.0.1"]],
  ])("%s", (_, endpoints, expected) => {
    expect(ipsOf(first(service("web"), [slice("web", endpoints)], undefined)?.backends)).toEqual(expected);
  });

  it("two slices that name one address give one backend", () => {
    const slices = [slice("web", ["10.0.0.1"]), slice("web", ["10.0.0.1", "10.0.0.2"], { name: "web-2" })];
    expect(ipsOf(first(service("web"), slices, undefined)?.backends)).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  it("a port is found by name and protocol, not by number", () => {
    const ports = [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP" },
    ];
    const slices = [slice("dns", ["10.0.0.1"], { portName: "dns", port: 5353, protocol: "UDP" })];
    const [udp, tcp] = forwardsOfService(service("dns", { ports }), slices, undefined);
    expect(udp?.backends).toEqual([{ ip: "10.0.0.1", port: 5353, weight: 1 }]);
    expect(tcp?.backends).toEqual([]);
  });
});

describe("policies", () => {
  const slices = [
    slice("web", [
      { addresses: ["10.0.0.1"], nodeName: "here" },
      { addresses: ["10.0.0.2"], nodeName: "there" },
    ]),
  ];
  it("internalTrafficPolicy Local leaves clients inside this node's endpoints only", () => {
    const forward = first(service("web", { internalTrafficPolicy: "Local" }), slices, "here");
    expect(ipsOf(forward?.backends)).toEqual(["10.0.0.1"]);
    expect(ipsOf(forward?.externalBackends)).toEqual(["10.0.0.1", "10.0.0.2"]);
  });
  it("externalTrafficPolicy Local leaves clients outside this node's endpoints, and keeps their address", () => {
    const forward = first(service("web", { type: "NodePort", externalTrafficPolicy: "Local" }), slices, "there");
    expect(ipsOf(forward?.externalBackends)).toEqual(["10.0.0.2"]);
    expect(forward?.keepsClientAddress).toBe(true);
    expect(ipsOf(forward?.backends)).toEqual(["10.0.0.1", "10.0.0.2"]);
  });
  it.each([
    ["no affinity unless asked for", {}, undefined],
    ["three hours by default", { sessionAffinity: "ClientIP" }, 10_800],
    ["the seconds given", { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } }, 5],
  ])("session affinity: %s", (_, spec, expected) => expect(first(service("web", spec), [], undefined)?.affinitySeconds).toBe(expected));
});

describe("which Services are forwarded", () => {
  it.each([
    ["a cluster IP Service", {}, 1],
    ["not a headless one", { clusterIP: "None" }, 0],
    ["not an external name", { type: "ExternalName", externalName: "example.com" }, 0],
    ["not one without an address yet", { clusterIP: "" }, 0],
  ])("%s", (_, spec, count) => expect(forwardsOfService(service("web", spec), [], undefined)).toHaveLength(count));

  it.each([
    ["a node port of type NodePort", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] }, 30080],
    ["a node port of type LoadBalancer", { type: "LoadBalancer", ports: [{ port: 80, nodePort: 30081 }] }, 30081],
    ["no node port of type ClusterIP, even if one is left in the object", { type: "ClusterIP", ports: [{ port: 80, nodePort: 30080 }] }, undefined],
  ])("%s", (_, spec, expected) => expect(first(service("web", spec), [], undefined)?.nodePort).toBe(expected));

  it("an external address is none that a Service of the cluster may have: cluster DNS, or another's cluster IP", () => {
    const web = service("web", { externalIPs: ["10.96.0.10", "192.0.2.1", "10.96.3.4"] });
    const [forward] = new Forwards(undefined, "10.96.0.0/16").of(byName(web), new Map());
    expect(forward?.externalIps).toEqual(["192.0.2.1"]);
  });
  it("external addresses come from the spec and the load balancer, each once", () => {
    const web = service("web", { externalIPs: ["192.0.2.9", "192.0.2.1"] });
    web.status = { loadBalancer: { ingress: [{ ip: "192.0.2.9" }, { hostname: "lb.example.com" }] } };
    expect(first(web, [], undefined)?.externalIps).toEqual(["192.0.2.1", "192.0.2.9"]);
  });
});

describe("weights", () => {
  const weighted = (text: string) =>
    (first(service("web"), [slice("web", ["10.0.0.1", "10.0.0.2"], { annotations: { [weightsAnnotation]: text } })], undefined)?.backends ?? []).map(
      ({ ip, weight }) => `${ip}=${weight}`,
    );
  it.each([
    ["addresses that it does not name weigh 1", '{"10.0.0.2": 3}', ["10.0.0.1=1", "10.0.0.2=3"]],
    ["0 takes an endpoint out", '{"10.0.0.1": 0}', ["10.0.0.2=1"]],
    ["a weight that is none counts as 1", '{"10.0.0.1": "much", "10.0.0.2": -4}', ["10.0.0.1=1", "10.0.0.2=1"]],
    ["text that is not JSON is ignored", "oops", ["10.0.0.1=1", "10.0.0.2=1"]],
    ["JSON that is no object is ignored", "null", ["10.0.0.1=1", "10.0.0.2=1"]],
  ])("%s", (_, text, expected) => expect(weighted(text)).toEqual(expected));
});

describe("Forwards", () => {
  it("gives the very same entries for a Service whose objects did not change, and new ones for one that did", () => {
    const forwards = new Forwards(undefined, "10.96.0.0/16");
    const [a, b] = [service("a"), service("b", { clusterIP: "10.96.0.21" })];
    const [aSlice, bSlice] = [slice("a", ["10.0.0.1"]), slice("b", ["10.0.0.2"])];
    const before = forwards.of(byName(a, b), byName(aSlice, bSlice));
    const after = forwards.of(byName(a, b), byName(aSlice, slice("b", ["10.0.0.3"])));
    expect(after[0]).toBe(before[0]);
    expect(ipsOf(after[1]?.backends)).toEqual(["10.0.0.3"]);
  });
  it("forgets a Service that is gone", () => {
    const forwards = new Forwards(undefined, "10.96.0.0/16");
    forwards.of(byName(service("a")), byName(slice("a", ["10.0.0.1"])));
    expect(forwards.of(new Map(), byName(slice("a", ["10.0.0.1"])))).toEqual([]);
  });
});
