/** Two nodes and a machine beside them, in a real kernel. Needs what kernel.test.ts needs. */
import { afterAll, describe, expect, it } from "vitest";
import { Lab, labConfig, LabNode, whyNoLab } from "./testing/lab.ts";
import { service, slice } from "./testing/objects.ts";

const reason = whyNoLab();

describe.skipIf(reason !== undefined)(`two nodes on one network${reason ? ` (skipped: ${reason})` : ""}`, { timeout: 30_000 }, () => {
  const lab = new Lab();
  afterAll(() => lab.close());

  it("serve each other's pods in strict turns, and pods see each other's own address", async () => {
    const fabric = await lab.namespace("f");
    await lab.run(fabric, ["ip", "link", "add", "br0", "type", "bridge"]);
    await lab.run(fabric, ["ip", "link", "set", "br0", "up"]);
    const join = async (name: string, address: string): Promise<string> => {
      const namespace = await lab.namespace(name);
      await lab.connect({ namespace: fabric, link: `v${name}` }, { namespace, link: "eth0", address: `${address}/24` });
      await lab.run(fabric, ["ip", "link", "set", `v${name}`, "master", "br0"]);
      return namespace;
    };
    const hosts = [await join("n1", "192.0.2.1"), await join("n2", "192.0.2.2")];
    const outside = await join("out", "192.0.2.9");
    const nodes = hosts.map((host, index) => {
      const own = labConfig(lab, 0);
      return new LabNode(lab, host, { ...own, podCidr: `10.240.${index + 1}.0/24`, nodeName: `n${index + 1}` });
    });
    const pods: string[] = [];
    for (const [index, node] of nodes.entries()) {
      await node.start();
      pods.push(await node.pod(`p${index + 1}`, `10.240.${index + 1}.11`));
    }
    const web = service("web", { clusterIP: "10.100.0.20", type: "NodePort", ports: [{ port: 80, protocol: "TCP", nodePort: 30080 }] });
    const endpoints = [1, 2].map((number) => ({ addresses: [`10.240.${number}.11`], nodeName: `n${number}`, conditions: { ready: true } }));
    const state = (other: number, spec = {}) => ({
      services: [{ ...web, spec: { ...web.spec, ...spec } }],
      endpointSlices: [slice("web", endpoints)],
      peers: { other: { address: `192.0.2.${other}`, podCidr: `10.240.${other}.0/24` } },
    });
    for (const [index, node] of nodes.entries()) await node.apply(state(2 - index));
    for (const client of [pods[0] ?? "", hosts[1] ?? ""]) {
      expect((await lab.get(client, "http://10.100.0.20/", 4)).toSorted()).toEqual(["p1", "p1", "p2", "p2"]);
    }
    // Whichever node is asked, also for a pod of the other one.
    for (const number of [1, 2]) expect((await lab.get(outside, `http://192.0.2.${number}:30080/`, 2)).toSorted()).toEqual(["p1", "p2"]);
    const whoami = 'const s=require("dgram").createSocket("udp4");s.on("message",(m,p)=>s.send(p.address,p.port,p.address));s.bind(5000)';
    lab.spawn(pods[1] ?? "", [process.execPath, "-e", whoami]);
    const ask = `const s=require("dgram").createSocket("udp4");const t=setInterval(()=>s.send("?",5000,"10.240.2.11"),100);
      s.on("message",(m)=>{console.log(String(m));process.exit()});setTimeout(()=>process.exit(1),5000)`;
    expect((await lab.run(pods[0] ?? "", [process.execPath, "-e", ask])).trim()).toBe("10.240.1.11");
    for (const [index, node] of nodes.entries()) await node.apply(state(2 - index, { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" }));
    expect(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 3)).toEqual(["p1", "p1", "p1"]);
    expect(await lab.get(outside, "http://192.0.2.2:30080/", 3)).toEqual(["p2", "p2", "p2"]);
  });
});
