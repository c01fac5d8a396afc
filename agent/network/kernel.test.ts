/**
 * The rules in a real kernel: packets between network namespaces that this test makes. Needs root, nft, iproute2,
 * conntrack and perl; it is skipped, saying so, only where these are not there.
 */
import dnsPacket from "dns-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namesOf } from "../host/names.ts";
import type { DriverState } from "./testing/driver.ts";
import { Lab, labConfig, LabNode, whyNoLab } from "./testing/lab.ts";
import { pod, service, slice } from "./testing/objects.ts";
import { weightsAnnotation } from "./services.ts";

const reason = whyNoLab();
const title = reason === undefined ? "Services in the kernel" : `Services in the kernel (skipped: ${reason})`;

const hardwareAddress = (link: string) => / link\/ether (\S+)/.exec(link)?.[1] ?? "none";

describe.skipIf(reason !== undefined)(title, { timeout: 30_000 }, () => {
  const lab = new Lab();
  let host = "";
  let outside = "";
  let node: LabNode;
  const pods: string[] = [];
  const ips = ["10.240.1.11", "10.240.1.12", "10.240.1.13"];
  const web = service("web", { clusterIP: "10.100.0.20", type: "NodePort", ports: [{ port: 80, protocol: "TCP", nodePort: 30080 }] });
  const everywhere: DriverState = { services: [web], endpointSlices: [slice("web", ips)] };
  const turn = ["a", "b", "c"];

  /** The rotation begins wherever the last test left it: what counts is that it never leaves its order. */
  function expectStrictTurns(answers: string[], order: string[] = turn): void {
    const start = order.indexOf(answers[0] ?? "");
    expect(answers).toEqual(answers.map((_, index) => order[(start + index) % order.length]));
  }

  beforeAll(async () => {
    host = await lab.namespace("host");
    outside = await lab.namespace("out");
    await lab.connect({ namespace: host, link: "eth0", address: "192.0.2.1/24" }, { namespace: outside, link: "eth0", address: "192.0.2.2/24" });
    await lab.serve(outside, "outside");
    node = new LabNode(lab, host, labConfig(lab, 0));
    await node.start();
    for (const [index, name] of turn.entries()) pods.push(await node.pod(name, ips[index] ?? ""));
  }, 60_000);
  afterAll(() => lab.close());

  it("gives pods the host's address on their way out, before any Service is known", async () => {
    expect(await lab.get(pods[0] ?? "", "http://192.0.2.2:8080/", 1)).toEqual(["outside"]);
  });

  it("keeps its hardware address, which pods know their gateway by, when a pod with a lower one comes", async () => {
    const { bridge } = namesOf(node.config.stateDir);
    const link = () => lab.run(host, ["ip", "-o", "link", "show", "dev", bridge]);
    const before = await link();
    await lab.run(host, ["ip", "link", "add", "lowest", "address", "00:00:5e:00:53:01", "type", "veth", "peer", "name", "other"]);
    await lab.run(host, ["ip", "link", "set", "dev", "lowest", "master", bridge]);
    const after = await link();
    await lab.run(host, ["ip", "link", "delete", "lowest"]);
    expect(hardwareAddress(after)).toBe(hardwareAddress(before));
  });

  it("deals a pod's connections out in strict turns", async () => {
    await node.apply(everywhere);
    const answers = await lab.get(pods[0] ?? "", "http://10.100.0.20/", 30);
    expectStrictTurns(answers);
    expect(answers.filter((name) => name === "a")).toHaveLength(10);
  });

  it.each([
    ["the host to the cluster IP (it has no default route)", () => host, "http://10.100.0.20/"],
    ["the host to its node port on 127.0.0.1", () => host, "http://127.0.0.1:30080/"],
    ["the host to its node port on its own address", () => host, "http://192.0.2.1:30080/"],
    ["another machine, that knows no route to pods, to the node port", () => outside, "http://192.0.2.1:30080/"],
  ])("serves %s in turns too", async (_, client, url) => {
    await node.apply(everywhere);
    expectStrictTurns(await lab.get(client(), url, 6));
  });

  it("goes on in its turn while other Services come and change", async () => {
    await node.apply(everywhere);
    const get = async () => (await lab.get(pods[0] ?? "", "http://10.100.0.20/", 1))[0];
    const other = service("other", { clusterIP: "10.100.0.21" });
    while ((await get()) !== "a");
    await node.apply({ services: [web, other], endpointSlices: [slice("web", ips), slice("other", ips.slice(0, 1))] });
    expect(await get()).toBe("b");
    await node.apply({ services: [web, other], endpointSlices: [slice("web", ips), slice("other", ips)] });
    expect(await get()).toBe("c");
    await node.apply(everywhere);
    expect(await get()).toBe("a");
  });

  it("goes on in its turn when the agent restarts, and serves meanwhile", async () => {
    await node.apply(everywhere);
    const get = async () => (await lab.get(pods[0] ?? "", "http://10.100.0.20/", 1))[0];
    while ((await get()) !== "a");
    await node.stop();
    const meanwhile = await get();
    await node.start();
    await node.apply(everywhere);
    // A counter that began anew would name "a".
    expect([meanwhile, await get(), await get()]).toEqual(["b", "c", "a"]);
    await node.stop();
    await node.start();
    await node.apply(everywhere);
    expect(await get()).toBe("b");
  });

  it("serves after the agent was killed and another one took over", async () => {
    await node.apply(everywhere);
    await node.kill();
    expectStrictTurns(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 3));
    await node.start();
    await node.apply(everywhere);
    expectStrictTurns(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 6));
  });

  it("leaves out an endpoint that is not ready, and takes it back", async () => {
    const unready = { addresses: [ips[1] ?? ""], conditions: { ready: false } };
    await node.apply({ services: [web], endpointSlices: [slice("web", [ips[0] ?? "", unready, ips[2] ?? ""])] });
    expectStrictTurns(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 6), ["a", "c"]);
    await node.apply(everywhere);
    expectStrictTurns(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 6));
  });

  it("divides exactly by weight", async () => {
    const weights = { [weightsAnnotation]: JSON.stringify({ [ips[0] ?? ""]: 6, [ips[1] ?? ""]: 3, [ips[2] ?? ""]: 1 }) };
    await node.apply({ services: [web], endpointSlices: [slice("web", ips, { annotations: weights })] });
    const answers = await lab.get(pods[0] ?? "", "http://10.100.0.20/", 40);
    expect(turn.map((name) => answers.filter((answer) => answer === name).length)).toEqual([24, 12, 4]);
  });

  it("keeps a client at its endpoint with session affinity, each client at its own", async () => {
    const sticky = service("web", { ...web.spec, sessionAffinity: "ClientIP" });
    await node.apply({ services: [sticky], endpointSlices: [slice("web", ips)] });
    const seen: string[] = [];
    for (const client of pods) {
      const answers = await lab.get(client, "http://10.100.0.20/", 5);
      expect(new Set(answers).size).toBe(1);
      seen.push(answers[0] ?? "");
    }
    expect(seen.toSorted()).toEqual(turn);
    // A change elsewhere forgets nobody.
    const other = service("other", { clusterIP: "10.100.0.21" });
    await node.apply({ services: [sticky, other], endpointSlices: [slice("web", ips)] });
    expect(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 2)).toEqual([seen[0], seen[0]]);
  });

  it("lets a pod reach itself through its Service", async () => {
    await node.apply({ services: [web], endpointSlices: [slice("web", ips.slice(0, 1))] });
    expect(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 2)).toEqual(["a", "a"]);
  });

  it.each([
    ["a Service without endpoints, from a pod", () => pods[0] ?? "", "http://10.100.0.20/"],
    ["a Service without endpoints, from the host", () => host, "http://10.100.0.20/"],
    ["its node port, from another machine", () => outside, "http://192.0.2.1:30080/"],
    ["its node port, from the host", () => host, "http://127.0.0.1:30080/"],
    ["an address that no Service has", () => pods[0] ?? "", "http://10.100.9.9/"],
  ])("refuses at once %s", async (_, client, url) => {
    await node.apply({ services: [web], endpointSlices: [] });
    await expect(lab.get(client(), url, 1)).rejects.toThrow("Connection refused");
  });

  it("serves a host port, on 127.0.0.1 too", async () => {
    const withHostPort = pod("a", ips[0], [{ containerPort: 8080, hostPort: 8000 }]);
    await node.apply({ services: [], endpointSlices: [], pods: [withHostPort] });
    expect(await lab.get(outside, "http://192.0.2.1:8000/", 1)).toEqual(["a"]);
    expect(await lab.get(host, "http://127.0.0.1:8000/", 1)).toEqual(["a"]);
    expect(await lab.get(pods[0] ?? "", "http://192.0.2.1:8000/", 1)).toEqual(["a"]);
    await node.apply({ services: [], endpointSlices: [], pods: [] });
    await expect(lab.get(outside, "http://192.0.2.1:8000/", 1)).rejects.toThrow("Connection refused");
  });

  it("leads nobody to a pod that asks for a host port of an address which is not the host's", async () => {
    const thief = pod("a", ips[0], [{ containerPort: 8080, hostPort: 8080, hostIP: "192.0.2.2" }, { containerPort: 8080, hostPort: 8001, hostIP: "192.0.2.1" }]);
    await node.apply({ services: [], endpointSlices: [], pods: [thief] });
    expect(await lab.get(pods[1] ?? "", "http://192.0.2.2:8080/", 1)).toEqual(["outside"]);
    expect(await lab.get(pods[1] ?? "", "http://192.0.2.1:8001/", 1)).toEqual(["a"]);
  });

  it("hides the host's loopback from a pod that finds it behind a Service", async () => {
    lab.spawn(host, [process.execPath, "-e", 'require("http").createServer((_, answer) => answer.end(JSON.stringify({ pod: "secret" }))).listen(8099, "127.0.0.1")']);
    await expect.poll(() => lab.get(host, "http://127.0.0.1:8099/", 1).catch(() => [])).toEqual(["secret"]);
    await node.apply({ services: [web], endpointSlices: [slice("web", ["127.0.0.1"], { port: 8099 })] });
    await expect(lab.get(pods[0] ?? "", "http://10.100.0.20/", 1)).rejects.toThrow();
    expect(await lab.get(host, "http://10.100.0.20/", 1)).toEqual(["secret"]);
  });

  it("hides the host's loopback from a pod that sends there", async () => {
    const attacker = await node.pod("d", "10.240.1.14");
    const steps = ["ip route del local 127.0.0.0/8 dev lo table local", "ip route del local 127.0.0.1 dev lo table local"];
    steps.push("echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet", "ip route add 127.0.0.1 via 10.240.1.1");
    await lab.run(attacker, ["sh", "-c", steps.join(" && ")]);
    const listen = `const s=require("dgram").createSocket("udp4");setTimeout(()=>{console.log("silence");process.exit()},700);
      s.on("message",(m)=>{console.log(String(m));process.exit()});s.bind(5001,"127.0.0.1")`;
    const send = `const s=require("dgram").createSocket("udp4");const t=setInterval(()=>s.send("hello",5001,"127.0.0.1"),50);
      setTimeout(()=>process.exit(),900)`;
    const attack = async (): Promise<string> => {
      const [heard] = await Promise.all([host, attacker].map((end, index) => lab.run(end, [process.execPath, "-e", [listen, send][index] ?? ""])));
      return heard?.trim() ?? "";
    };
    expect(await attack()).toBe("silence");
    // It would be heard without the rule.
    await lab.run(host, ["nft", "flush", "chain", "ip", namesOf(node.config.stateDir).nftTable, "guard"]);
    expect(await attack()).toBe("hello");
  });

  it("moves a UDP client off an endpoint that left", async () => {
    const ports = [{ port: 5000, protocol: "UDP" }];
    const echo = service("echo", { clusterIP: "10.100.0.30", ports });
    const program = 'const s=require("dgram").createSocket("udp4");s.on("message",(m,p)=>s.send(process.argv[1],p.port,p.address));s.bind(5000)';
    for (const [index, name] of ["a", "b"].entries()) lab.spawn(pods[index] ?? "", [process.execPath, "-e", program, name]);
    const client = `const s=require("dgram").createSocket("udp4");s.bind(6000);
      const ask=()=>s.send("?",5000,"10.100.0.30");
      const timer=setInterval(ask,200);ask();
      setTimeout(()=>process.exit(1),5000);
      s.on("message",(m)=>{console.log(String(m));process.exit(0)})`;
    const ask = () => lab.run(pods[2] ?? "", [process.execPath, "-e", client]);
    const options = { port: 5000, protocol: "UDP" };
    await node.apply({ services: [echo], endpointSlices: [slice("echo", ips.slice(0, 1), options)] });
    expect((await ask()).trim()).toBe("a");
    // The same client port is the same flow for the kernel.
    await node.apply({ services: [echo], endpointSlices: [slice("echo", ips.slice(1, 2), options)] });
    expect((await ask()).trim()).toBe("b");
  });

  it("answers DNS to pods and host, and to no other machine", async () => {
    await node.apply(everywhere);
    const resolve = (timeout: number): string => `const {Resolver}=require("dns").promises;
      const r=new Resolver({timeout:${timeout},tries:1});r.setServers(["10.100.0.10"]);
      r.resolve4("web.default.svc.cluster.local").then((a)=>console.log(a.join()),(e)=>console.log(e.code))`;
    for (const client of [pods[0] ?? "", host]) {
      expect((await lab.run(client, [process.execPath, "-e", resolve(2000)])).trim()).toBe("10.100.0.20");
    }
    await lab.run(outside, ["ip", "route", "add", "10.100.0.0/16", "via", "192.0.2.1"]);
    expect((await lab.run(outside, [process.execPath, "-e", resolve(300)])).trim()).toMatch(/ETIMEOUT/);
  });

  it("leaves a question without an answer, not refused, while the agent restarts: resolvers ask again", async () => {
    await node.apply(everywhere);
    const query = dnsPacket.encode({ type: "query", id: 1, questions: [{ type: "A", name: "web.default.svc.cluster.local" }] }).toString("hex");
    const ask = `const s=require("dgram").createSocket("udp4");const done=(word)=>{console.log(word);process.exit()};
      s.connect(53,"10.100.0.10",()=>{s.send(Buffer.from("${query}","hex"))});
      s.on("error",(e)=>done(e.code));s.on("message",()=>done("answer"));setTimeout(()=>done("silence"),500)`;
    const answers = async () => (await lab.run(pods[0] ?? "", [process.execPath, "-e", ask])).trim();
    expect(await answers()).toBe("answer");
    await node.kill();
    expect(await answers()).toBe("silence");
    await node.start();
    await node.apply(everywhere);
    expect(await answers()).toBe("answer");
  });

  it("programs everything again when somebody flushed the ruleset", async () => {
    await node.apply(everywhere);
    await lab.run(host, ["nft", "flush", "ruleset"]);
    await node.apply({ services: [web], endpointSlices: [slice("web", ips.slice(0, 2))] });
    expectStrictTurns(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 4), ["a", "b"]);
  });

  it("keeps two clusters on one host apart, and removes one without touching the other", async () => {
    await node.apply(everywhere);
    const snapshot = () => Promise.all([["nft", "list", "tables"], ["ip", "-o", "link"], ["ip", "route"]].map((command) => lab.run(host, command)));
    const before = await snapshot();
    const second = new LabNode(lab, host, labConfig(lab, 1));
    await second.start();
    const state = { services: [service("web", { clusterIP: "10.101.0.20" })], endpointSlices: [slice("web", ["10.241.1.11"])] };
    await second.apply(state);
    const stranger = await second.pod("x", "10.241.1.11");
    expect(await lab.get(stranger, "http://10.101.0.20/", 1)).toEqual(["x"]);
    await expect(lab.get(stranger, "http://10.100.0.20/", 1)).rejects.toThrow(/refused/);
    await expect(lab.get(stranger, "http://10.240.1.11:8080/", 1)).rejects.toThrow(/refused/);
    await lab.run(stranger, ["ip", "link", "delete", "eth0"]);
    await second.remove();
    expect(await snapshot()).toEqual(before);
    expectStrictTurns(await lab.get(pods[0] ?? "", "http://10.100.0.20/", 3));
  });

  it("reaches the pods of another node by a route, while that node is there", async () => {
    const route = () => lab.run(host, ["ip", "route", "show", "10.240.2.0/24"]);
    const peers = { other: { address: "192.0.2.2", podCidr: "10.240.2.0/24" } };
    await node.apply({ ...everywhere, peers });
    expect(await route()).toContain("via 192.0.2.2");
    await node.apply({ ...everywhere, peers: {} });
    expect(await route()).toBe("");
    // It left while the agent did not run.
    await node.apply({ ...everywhere, peers });
    await node.kill();
    await node.start();
    await node.apply({ ...everywhere, peers: {} });
    expect(await route()).toBe("");
  });

  it("takes over another pod CIDR", async () => {
    await node.stop();
    const moved = new LabNode(lab, host, { ...node.config, podCidr: "10.240.7.0/24" });
    await moved.start();
    expect(await lab.run(host, ["ip", "-o", "-4", "address", "show", "dev", namesOf(node.config.stateDir).bridge])).toMatch(/inet 10\.240\.7\.1\/24 (?!.*10\.240\.1\.1)/s);
    await moved.apply(everywhere);
    await moved.stop();
    await node.start();
  });

  it("remove leaves no table, no interface, no route", async () => {
    await node.apply({ ...everywhere, peers: { other: { address: "192.0.2.2", podCidr: "10.240.2.0/24" } } });
    await node.remove();
    expect(await lab.run(host, ["nft", "list", "ruleset"])).toBe("");
    expect(await lab.run(host, ["ip", "route"])).toBe("192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.1 \n");
    expect(await lab.run(host, ["ip", "-o", "link"])).not.toMatch(/k[ds][0-9a-f]{6}/);
  });
});
