import { describe, expect, it } from "vitest";
import { hostPortsOf } from "./host-ports.ts";
import { rulesetOf } from "./service-rules.ts";
import { forwardsOfService, weightsAnnotation } from "./services.ts";
import { byName, pod, service, slice } from "./testing/objects.ts";

type Input = Parameters<typeof service>[1];
const podCidr = "10.244.1.0/24";

function rules(spec: Input, endpoints: Parameters<typeof slice>[1], options: Parameters<typeof slice>[2] = {}) {
  const forwards = forwardsOfService(service("web", spec), [slice("web", endpoints, options)], "here");
  const { sets, chains, elements } = rulesetOf(forwards, [], podCidr);
  const flat = [...elements].flatMap(([map, entries]) => [...entries].map(([key, value]) => `${map}: ${key}${value && ` → ${value}`}`));
  return { chains: Object.fromEntries(chains), elements: flat, sets: [...sets.keys()] };
}

describe("a Service's rules", () => {
  it("deals connections out in turn", () => {
    const { chains, elements } = rules({}, ["10.244.2.2", "10.244.2.3"]);
    expect(chains).toEqual({
      "svc/default/web/tcp/80": ["meta l4proto tcp dnat ip to numgen inc mod 2 map { 0 : 10.244.2.2 . 8080, 1 : 10.244.2.3 . 8080 }"],
    });
    expect(elements).toEqual(["services: 10.96.0.20 . tcp . 80 → goto svc/default/web/tcp/80"]);
  });

  it("by weight, as ranges where neighbours are equal", () => {
    const options = { annotations: { [weightsAnnotation]: '{"10.244.2.2": 3}' } };
    const { chains } = rules({}, ["10.244.2.2", "10.244.2.3"], options);
    expect(chains["svc/default/web/tcp/80"]).toEqual([
      "meta l4proto tcp dnat ip to numgen inc mod 4 map { 0-1 : 10.244.2.2 . 8080, 2 : 10.244.2.3 . 8080, 3 : 10.244.2.2 . 8080 }",
    ]);
  });

  it("needs no counter for one endpoint", () => {
    expect(rules({}, ["10.244.2.2"]).chains["svc/default/web/tcp/80"]).toEqual(["meta l4proto tcp dnat to 10.244.2.2:8080"]);
  });

  it("without endpoints nothing claims the cluster IP (the frame refuses it), and the node port is refused", () => {
    const { chains, elements } = rules({ type: "NodePort", ports: [{ port: 80, nodePort: 30080 }], externalIPs: ["192.0.2.1"] }, []);
    expect(chains).toEqual({});
    expect(elements).toEqual(["rejected-addresses: 192.0.2.1 . tcp . 80", "rejected-node-ports: tcp . 30080"]);
  });

  it("node port and external address take the host's address and share the Service's counter", () => {
    const spec = { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }], externalIPs: ["192.0.2.1"] };
    const { chains, elements } = rules(spec, ["10.244.2.2", "10.244.2.3"]);
    expect(chains["ext/default/web/tcp/80"]).toEqual(["meta mark set meta mark | 0x4000", "goto svc/default/web/tcp/80"]);
    expect(elements).toContain("node-ports: tcp . 30080 → goto ext/default/web/tcp/80");
    expect(elements).toContain("services: 192.0.2.1 . tcp . 80 → goto ext/default/web/tcp/80");
  });

  it("externalTrafficPolicy Local does not hide the client", () => {
    const spec = { type: "NodePort", externalTrafficPolicy: "Local", ports: [{ port: 80, nodePort: 30080 }] };
    const endpoints = [{ addresses: ["10.244.1.2"], nodeName: "here" }, { addresses: ["10.244.2.2"], nodeName: "there" }];
    expect(rules(spec, endpoints).chains["ext/default/web/tcp/80"]).toEqual(["meta l4proto tcp dnat to 10.244.1.2:8080"]);
  });

  it("clients outside keep all endpoints when clients inside have this node's only", () => {
    const spec = { type: "NodePort", internalTrafficPolicy: "Local", ports: [{ port: 80, nodePort: 30080 }] };
    const endpoints = [{ addresses: ["10.244.1.2"], nodeName: "here" }, { addresses: ["10.244.2.2"], nodeName: "there" }];
    const { chains } = rules(spec, endpoints);
    expect(chains["svc/default/web/tcp/80"]).toEqual(["meta l4proto tcp dnat to 10.244.1.2:8080"]);
    expect(chains["ext/default/web/tcp/80"]?.[1]).toBe("goto all/default/web/tcp/80");
    expect(chains["all/default/web/tcp/80"]?.[0]).toContain("mod 2");
  });

  it("session affinity looks up the client first, and remembers it where it goes", () => {
    const spec = { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } };
    const { chains, sets } = rules(spec, ["10.244.2.2", "10.244.2.3"]);
    const [a, b] = ["svc/default/web/tcp/80/10.244.2.2/8080", "svc/default/web/tcp/80/10.244.2.3/8080"];
    expect(sets).toEqual([`${a}/5s`, `${b}/5s`]);
    expect(chains["svc/default/web/tcp/80"]).toEqual([
      `ip saddr @${a}/5s goto ${a}`,
      `ip saddr @${b}/5s goto ${b}`,
      `numgen inc mod 2 vmap { 0 : goto ${a}, 1 : goto ${b} }`,
    ]);
    expect(chains[a]).toEqual([`update @${a}/5s { ip saddr }`, "meta l4proto tcp dnat to 10.244.2.2:8080"]);
  });

  it("a pod of this node that reaches itself is masqueraded; others are not", () => {
    expect(rules({}, ["10.244.1.7", "10.244.2.2"]).elements.filter((text) => text.startsWith("hairpins"))).toEqual([
      "hairpins: 10.244.1.7 . 10.244.1.7",
    ]);
  });
});

describe("host ports", () => {
  const elementsOf = (...pods: ReturnType<typeof pod>[]): string[] => {
    const { elements } = rulesetOf([], hostPortsOf(byName(...pods)), podCidr);
    const ports = [...elements].filter(([map]) => map !== "hairpins");
    return ports.flatMap(([map, entries]) => [...entries].map(([key, value]) => `${map}: ${key} → ${value}`));
  };
  const ended = pod("a", "10.244.1.2", [{ containerPort: 80, hostPort: 8000 }]);
  ended.status = { ...ended.status, phase: "Succeeded" };

  it.each([
    ["any address of the host", [pod("a", "10.244.1.2", [{ containerPort: 80, hostPort: 8000 }])], ["node-ports: tcp . 8000 → goto host/default/a/tcp/8000"]],
    [
      "one address of the host",
      [pod("a", "10.244.1.2", [{ containerPort: 80, hostPort: 8000, hostIP: "127.0.0.1" }])],
      ["host-ports: 127.0.0.1 . tcp . 8000 → goto host/default/a/tcp/8000"],
    ],
    ["nothing before the pod has an address", [pod("a", undefined, [{ containerPort: 80, hostPort: 8000 }])], []],
    ["nothing for a pod that ended", [ended], []],
    [
      "the first of two pods that want the same port",
      [pod("a", "10.244.1.2", [{ containerPort: 80, hostPort: 8000 }]), pod("b", "10.244.1.3", [{ containerPort: 80, hostPort: 8000 }])],
      ["node-ports: tcp . 8000 → goto host/default/a/tcp/8000"],
    ],
  ])("%s", (_, pods, expected) => expect(elementsOf(...pods)).toEqual(expected));
});
