/** Who reaches the agent's API for pods, in a real kernel. Needs what kernel.test.ts needs. */
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, labConfig, LabNode, whyNoLab } from "./testing/lab.ts";
import { service, slice } from "./testing/objects.ts";

const reason = whyNoLab();
const title = `the API for pods${reason ? ` (skipped: ${reason})` : ""}`;

describe.skipIf(reason !== undefined)(title, { timeout: 30_000 }, () => {
  const lab = new Lab();
  const [cluster, endpoint] = ["10.100.0.1:443", "10.100.0.10:6443"];
  const kubernetes = service("kubernetes", { clusterIP: "10.100.0.1", ports: [{ name: "https", port: 443, protocol: "TCP" }] });
  const web = service("web", { clusterIP: "10.100.0.20", type: "NodePort", ports: [{ port: 80, protocol: "TCP", nodePort: 30080 }] });
  const state = {
    services: [kubernetes, web],
    endpointSlices: [slice("kubernetes", ["10.100.0.10"], { port: 6443, portName: "https" }), slice("web", ["10.240.1.11", "10.240.2.11"])],
  };
  const apiPort = 61_443;
  const hosts: string[] = [];
  const nodes: LabNode[] = [];
  const pods: string[] = [];
  let outside = "";

  /** What stands for the agent: it listens where the agent would, and says where that is. */
  async function listen(host: string, name: string, port: number): Promise<void> {
    const program = `require("http").createServer((_, answer) => answer.end('{"pod":"${name}"}\\n')).listen(${port}, "10.100.0.10", () => console.log("ready"))`;
    const { stdout } = lab.spawn(host, [process.execPath, "-e", program]);
    if (stdout) await once(stdout, "data");
  }

  /** How a connection ends: `connected`, `refused`, or `silence`. */
  async function dial(namespace: string, target: string): Promise<string> {
    const [host, port] = target.split(":");
    const program = `const done = (word) => { console.log(word); process.exit(); };
      require("net").connect(${port}, "${host}", () => done("connected")).on("error", ({ code }) => done(code === "ECONNREFUSED" ? "refused" : code));
      setTimeout(() => done("silence"), 700);`;
    return (await lab.run(namespace, [process.execPath, "-e", program])).trim();
  }

  const answering = async (namespace: string, target: string): Promise<string> => (await lab.get(namespace, `http://${target}/`, 1)).join();

  beforeAll(async () => {
    const fabric = await lab.namespace("f");
    await lab.run(fabric, ["ip", "link", "add", "br0", "type", "bridge"]);
    await lab.run(fabric, ["ip", "link", "set", "br0", "up"]);
    const join = async (name: string, address: string): Promise<string> => {
      const namespace = await lab.namespace(name);
      await lab.connect({ namespace: fabric, link: `v${name}` }, { namespace, link: "eth0", address: `${address}/24` });
      await lab.run(fabric, ["ip", "link", "set", `v${name}`, "master", "br0"]);
      return namespace;
    };
    for (const number of [1, 2]) {
      const host = await join(`n${number}`, `192.0.2.${number}`);
      const node = new LabNode(lab, host, { ...labConfig(lab, 0), podCidr: `10.240.${number}.0/24`, nodeName: `n${number}` });
      await node.start();
      const peers = { other: { address: `192.0.2.${3 - number}`, podCidr: `10.240.${3 - number}.0/24` } };
      await node.apply({ ...state, peers, apiPort });
      await listen(host, `n${number}`, apiPort);
      pods.push(await node.pod(`p${number}`, `10.240.${number}.11`));
      hosts.push(host);
      nodes.push(node);
    }
    outside = await join("out", "192.0.2.9");
    // A stranger who knows which addresses there are, and sends their packets to the node.
    await lab.run(outside, ["ip", "route", "add", "10.0.0.0/8", "via", "192.0.2.1"]);
  }, 60_000);
  afterAll(() => lab.close());

  it.each([cluster, endpoint])("is its own node's agent to a pod, and to a pod on the host's network: %s", async (target) => {
    for (const index of [0, 1]) {
      expect(await answering(pods[index] ?? "", target)).toBe(`n${index + 1}`);
      expect(await answering(hosts[index] ?? "", target)).toBe(`n${index + 1}`);
    }
  });

  it.each([cluster, endpoint, `10.100.0.10:${apiPort}`, `192.0.2.1:${apiPort}`, "192.0.2.1:6443", "192.0.2.1:443"])("is not there for a machine beside the nodes: %s", async (target) => {
    expect(await dial(outside, target)).toMatch(/^(silence|refused)$/);
  });

  it("is not kept from that machine by chance: it reaches a node port", async () => {
    expect(await answering(outside, "192.0.2.1:30080")).toMatch(/^p[12]$/);
  });

  it("is not there for another node, nor for a pod there, at this node's addresses", async () => {
    const table = ["ip", "rule", "add", "priority", "0", "to", "10.100.0.0/16", "lookup", "100"];
    await lab.run(hosts[1] ?? "", ["ip", "route", "add", "10.100.0.0/16", "via", "192.0.2.1", "table", "100"]);
    await lab.run(hosts[1] ?? "", ["ip", "rule", "del", "priority", "0"]);
    await lab.run(hosts[1] ?? "", table);
    await lab.run(hosts[1] ?? "", ["ip", "rule", "add", "priority", "1", "lookup", "local"]);
    // Its own rules lead to its own agent no more: what it sends goes to the first node, as a stranger's.
    expect(await dial(hosts[1] ?? "", `10.100.0.10:${apiPort}`)).toMatch(/^(silence|refused)$/);
    expect(await dial(pods[1] ?? "", `10.100.0.10:${apiPort}`)).toMatch(/^(silence|refused)$/);
    await lab.run(hosts[1] ?? "", ["ip", "rule", "del", "priority", "0"]);
    expect(await answering(pods[1] ?? "", cluster)).toBe("n2");
  });

  it("goes on being found while the agent's rules are left to themselves, and after it began again", async () => {
    await nodes[0]?.kill();
    expect(await answering(pods[0] ?? "", cluster)).toBe("n1");
    await nodes[0]?.start();
    await nodes[0]?.apply({ ...state, apiPort });
    expect(await answering(pods[0] ?? "", cluster)).toBe("n1");
  });

  it("is found at another port when the agent has another one", async () => {
    await listen(hosts[0] ?? "", "moved", 61_444);
    await nodes[0]?.apply({ ...state, apiPort: 61_444 });
    for (const target of [cluster, endpoint]) expect(await answering(pods[0] ?? "", target)).toBe("moved");
  });

  it("refuses connections at once while the agent does not listen", async () => {
    await nodes[0]?.apply(state);
    for (const target of [cluster, endpoint]) expect(await dial(pods[0] ?? "", target)).toBe("refused");
  });
});
