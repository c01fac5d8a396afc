import { describe, expect, it } from "vitest";
import { withApiEndpoint } from "./api-endpoint.ts";
import { forwardsOfService } from "./services.ts";
import { rulesetOf } from "./service-rules.ts";
import { service, slice } from "./testing/objects.ts";

const address = "10.96.0.10";
const kubernetes = service("kubernetes", { clusterIP: "10.96.0.1", ports: [{ name: "https", port: 443, protocol: "TCP" }] });
const api = forwardsOfService(kubernetes, [slice("kubernetes", [address], { port: 6443, portName: "https" })], "here");
const web = forwardsOfService(service("web"), [slice("web", ["10.244.1.2"])], "here");
const elsewhere = forwardsOfService(service("dns"), [slice("dns", [address], { port: 53 })], "here");

const elements = (port: number | undefined): [string, string][] => {
  const ruleset = rulesetOf(withApiEndpoint([...api, ...web], { address, port }), [], "10.244.1.0/24");
  return [...(ruleset.elements.get("services") ?? [])].map(([key, verdict]) => [key, ruleset.chains.get(verdict.replace("goto ", ""))?.[0] ?? ""]);
};

describe("the API's endpoint", () => {
  it("is the agent's port, by the Service and by its own address", () => {
    expect(elements(61_443)).toEqual([
      ["10.96.0.1 . tcp . 443", "meta l4proto tcp dnat to 10.96.0.10:61443"],
      ["10.96.0.20 . tcp . 80", "meta l4proto tcp dnat to 10.244.1.2:8080"],
      ["10.96.0.10 . tcp . 6443", "meta l4proto tcp dnat to 10.96.0.10:61443"],
    ]);
  });

  it("is nothing while the agent does not listen, so that connections are refused", () => {
    expect(elements(undefined)).toEqual([["10.96.0.20 . tcp . 80", "meta l4proto tcp dnat to 10.244.1.2:8080"]]);
  });

  it("leaves other Services the very same, also one to another port of the address", () => {
    const [first, second] = withApiEndpoint([...web, ...elsewhere], { address, port: 61_443 });
    expect([first, second].map((forward, index) => forward === [...web, ...elsewhere][index])).toEqual([true, true]);
  });

  it("does not leave out an endpoint of somebody else's beside it", () => {
    const mixed = forwardsOfService(kubernetes, [slice("kubernetes", [address, "10.244.1.9"], { port: 6443, portName: "https" })], "here");
    const [moved] = withApiEndpoint(mixed, { address, port: 1 });
    expect(moved?.backends).toEqual([{ ip: address, port: 1, weight: 1 }, { ip: "10.244.1.9", port: 6443, weight: 1 }]);
    expect(withApiEndpoint(mixed, { address, port: undefined })[0]?.backends).toEqual([{ ip: "10.244.1.9", port: 6443, weight: 1 }]);
  });
});
