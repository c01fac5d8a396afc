import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import dnsPacket, { type DecodedPacket, type Question } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import { byName, service, slice } from "../testing/objects.ts";
import { DnsServer } from "./server.ts";
import { hostResolvers, parseUpstream, type Upstream } from "./upstream.ts";
import { zoneOf } from "./zone.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A port that the kernel finds free for UDP may be somebody's for TCP: then another one. */
async function startServer(upstreams: Upstream[] = [], tries = 5): Promise<DnsServer> {
  const config = { address: "127.0.0.1", port: 0, domain: "cluster.local", isClusterAddress: () => true, upstreams: () => upstreams };
  const server = new DnsServer(config);
  closing.push(() => server.stop());
  try {
    await server.start();
  } catch (error) {
    if (tries === 1 || !(error instanceof Error && error.message.includes("EADDRINUSE"))) throw error;
    return startServer(upstreams, tries - 1);
  }
  return server;
}

const zone = () =>
  zoneOf(
    byName(service("web"), service("many", { clusterIP: "None" }), service("away", { type: "ExternalName", externalName: "host.example" })),
    byName(slice("many", Array.from({ length: 100 }, (_, index) => `10.244.1.${index + 1}`))),
    "cluster.local",
  );

/** A resolver that answers every question with 192.0.2.1 and counts them; one that is silent answers none. */
async function startUpstream(options: { isSilent: boolean }): Promise<{ upstream: Upstream; asked: string[] }> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (bytes, peer) => {
    const { id, questions } = dnsPacket.decode(bytes);
    const name = questions?.[0]?.name ?? "";
    asked.push(name);
    if (options.isSilent) return;
    const answers = [{ type: "A" as const, name, ttl: 60, data: "192.0.2.1" }];
    socket.send(dnsPacket.encode({ type: "response", id: id ?? 0, questions: questions ?? [], answers }), peer.port, peer.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  closing.push(() => new Promise((resolve) => socket.close(() => resolve())));
  return { upstream: { address: "127.0.0.1", port: socket.address().port }, asked };
}

async function overUdp(port: number, question: Question): Promise<DecodedPacket> {
  const socket = createSocket("udp4");
  socket.send(dnsPacket.encode({ type: "query", id: 1, questions: [question] }), port, "127.0.0.1");
  const [bytes] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return dnsPacket.decode(bytes);
}

async function overTcp(port: number, question: Question): Promise<DecodedPacket> {
  const socket = connect(port, "127.0.0.1");
  socket.write(dnsPacket.streamEncode({ type: "query", id: 1, questions: [question] }));
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) break;
  }
  socket.destroy();
  return dnsPacket.decode(received.subarray(2));
}

const data = (packet: DecodedPacket): string[] => (packet.answers ?? []).map((record) => ("data" in record ? String(record.data) : ""));

describe("DnsServer", () => {
  it("says SERVFAIL, and not that a name is none, before it knows the cluster", async () => {
    const server = await startServer();
    const packet = await overUdp(server.port, { type: "A", name: "web.default.svc.cluster.local" });
    expect(packet).toMatchObject({ rcode: "SERVFAIL", answers: [] });
  });

  it("answers over UDP and over TCP", async () => {
    const server = await startServer();
    server.setZone(zone);
    const question: Question = { type: "A", name: "web.default.svc.cluster.local" };
    for (const ask of [overUdp, overTcp]) expect(data(await ask(server.port, question))).toEqual(["10.96.0.20"]);
  });

  it("truncates a long answer over UDP and gives it whole over TCP", async () => {
    const server = await startServer();
    server.setZone(zone);
    const question: Question = { type: "A", name: "many.default.svc.cluster.local" };
    expect(await overUdp(server.port, question)).toMatchObject({ flag_tc: true, answers: [] });
    expect(data(await overTcp(server.port, question))).toHaveLength(100);
  });

  it("begins each answer with another record", async () => {
    const server = await startServer();
    server.setZone(zone);
    const ask = () => overTcp(server.port, { type: "A", name: "many.default.svc.cluster.local" });
    expect([data(await ask())[0], data(await ask())[0]]).toEqual(["10.244.1.1", "10.244.1.2"]);
  });

  it("asks the host's resolver for names outside, and the next one if the first is silent", async () => {
    const [silent, speaking] = [await startUpstream({ isSilent: true }), await startUpstream({ isSilent: false })];
    const server = await startServer([silent.upstream, speaking.upstream]);
    const packet = await overUdp(server.port, { type: "A", name: "host.example" });
    expect([data(packet), packet.flag_aa, silent.asked]).toEqual([["192.0.2.1"], false, ["host.example"]]);
  });

  it("resolves an external-name Service outside and names the alias", async () => {
    const { upstream } = await startUpstream({ isSilent: false });
    const server = await startServer([upstream]);
    server.setZone(zone);
    expect(data(await overUdp(server.port, { type: "A", name: "away.default.svc.cluster.local" }))).toEqual(["host.example", "192.0.2.1"]);
  });

  it("never asks outside for a name of the cluster", async () => {
    const { upstream, asked } = await startUpstream({ isSilent: false });
    const server = await startServer([upstream]);
    server.setZone(zone);
    expect(await overUdp(server.port, { type: "A", name: "none.default.svc.cluster.local" })).toMatchObject({ rcode: "NXDOMAIN" });
    expect(asked).toEqual([]);
  });

  it("says SERVFAIL if there is no resolver", async () => {
    const server = await startServer([]);
    expect(await overUdp(server.port, { type: "A", name: "host.example" })).toMatchObject({ rcode: "SERVFAIL" });
  });
});

describe("the host's resolvers", () => {
  it.each([
    ["are those of resolv.conf", "nameserver 192.0.2.53\nnameserver 127.0.0.53\n", ["192.0.2.53", "127.0.0.53"]],
    ["never include ourselves", "nameserver 10.96.0.10\nnameserver 192.0.2.53", ["192.0.2.53"]],
    ["may be IPv6", "nameserver 2001:db8::53", ["2001:db8::53"]],
    ["leave out comments and what is no address", "# nameserver 192.0.2.1\nnameserver resolver\nsearch example.com", []],
  ])("%s", (_, text, expected) => expect(hostResolvers(new Set(["10.96.0.10"]), text).map(({ address }) => address)).toEqual(expected));
  it("may be given with a port", () => expect(parseUpstream("127.0.0.1#5353")).toEqual({ address: "127.0.0.1", port: 5353 }));
});
