import { describe, expect, it } from "vitest";
import { staleFlows } from "./conntrack.ts";
import { forwardsOfService, type Forward } from "./services.ts";
import { service, slice } from "./testing/objects.ts";

function dns(endpoints: string[], protocol = "UDP", spec = {}): Forward[] {
  const ports = [{ port: 53, protocol, nodePort: 30053 }];
  return forwardsOfService(service("dns", { ports, ...spec }), [slice("dns", endpoints, { protocol })], undefined);
}

const address = ["--orig-dst", "10.96.0.20", "--orig-port-dst", "53"];

describe("staleFlows", () => {
  it.each<[string, Forward[], Forward[], string[][]]>([
    ["a UDP backend that left", dns(["10.0.0.1", "10.0.0.2"]), dns(["10.0.0.2"]), [[...address, "--dst-nat", "10.0.0.1"]]],
    ["a UDP Service that is gone", dns(["10.0.0.1"]), [], [[...address, "--dst-nat", "10.0.0.1"]]],
    ["the first backend: flows that went nowhere", dns([]), dns(["10.0.0.1"]), [address]],
    ["one more backend disturbs nobody", dns(["10.0.0.1"]), dns(["10.0.0.1", "10.0.0.2"]), []],
    ["TCP connections end by themselves", dns(["10.0.0.1"], "TCP"), dns([], "TCP"), []],
    [
      "its node port too",
      dns(["10.0.0.1"], "UDP", { type: "NodePort" }),
      dns([], "UDP", { type: "NodePort" }),
      [
        [...address, "--dst-nat", "10.0.0.1"],
        ["--orig-port-dst", "30053", "--dst-nat", "10.0.0.1"],
      ],
    ],
  ])("%s", (_, before, after, expected) => expect(staleFlows(before, after)).toEqual(expected));
});
