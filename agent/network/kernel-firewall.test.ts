/** Hosts with a firewall of their own, in a real kernel. Needs what kernel.test.ts needs, and iptables. */
import { afterAll, describe, expect, it } from "vitest";
import { findTool } from "../host/packages.ts";
import { Lab, labConfig, LabNode, whyNoLab } from "./testing/lab.ts";
import { service, slice } from "./testing/objects.ts";

const reason = whyNoLab() ?? (findTool("iptables") ? undefined : "not installed: iptables");

describe.skipIf(reason !== undefined)(`a host whose firewall drops what it does not know${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const lab = new Lab();
  afterAll(() => lab.close());

  it.each([
    ["Docker's, with a chain for others' rules", ["iptables -P FORWARD DROP", "iptables -N DOCKER-USER", "iptables -A FORWARD -j DOCKER-USER"]],
    ["ufw's, or one written by hand", ["iptables -P FORWARD DROP", "iptables -P INPUT DROP"]],
  ])("lets pods pass, and is left as it was: %s", { timeout: 30_000 }, async (_, firewall) => {
    const number = firewall.length;
    const host = await lab.namespace(`h${number}`);
    const outside = await lab.namespace(`o${number}`);
    await lab.connect({ namespace: host, link: "eth0", address: "192.0.2.1/24" }, { namespace: outside, link: "eth0", address: "192.0.2.2/24" });
    await lab.serve(outside, "outside");
    await lab.run(host, ["sh", "-c", firewall.join(" && ")]);
    const before = await lab.run(host, ["iptables", "-S"]);
    const node = new LabNode(lab, host, labConfig(lab, 0));
    await node.start();
    const ip = "10.240.1.11";
    const client = await node.pod(`p${number}`, ip);
    await node.apply({ services: [service("web", { clusterIP: "10.100.0.20" })], endpointSlices: [slice("web", [ip])] });
    expect(await lab.get(client, "http://192.0.2.2:8080/", 1)).toEqual(["outside"]);
    expect(await lab.get(client, "http://10.100.0.20/", 1)).toEqual([`p${number}`]);
    const ask = 'const r=new (require("dns").promises.Resolver)();r.setServers(["10.100.0.10"]);r.resolve4("web.default.svc.cluster.local").then(console.log)';
    expect(await lab.run(client, [process.execPath, "-e", ask])).toContain("10.100.0.20");
    await node.remove();
    expect(await lab.run(host, ["iptables", "-S"])).toBe(before);
  });
});
