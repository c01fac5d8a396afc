/** Asks the host's resolvers for names outside the cluster. */
import { createSocket } from "node:dgram";
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, isIP, isIPv6 } from "node:net";
import dnsPacket, { type Answer, type Question } from "dns-packet";

export interface Upstream {
  address: string;
  port: number;
}

export interface UpstreamAnswer {
  rcode: number;
  answers: Answer[];
  authorities: Answer[];
}

const attemptTimeoutMs = 2_000;
/** As many servers as a resolver library tries, each twice. */
const mostServers = 3;
const rounds = 2;

/** The host's resolvers, without the addresses that are ours: a name must never come back to us. */
export function hostResolvers(own: ReadonlySet<string>, text: string = readResolvConf()): Upstream[] {
  const addresses = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? "");
  return addresses.filter((address) => isIP(address) !== 0 && !own.has(address)).map((address) => ({ address, port: 53 }));
}

function readResolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return "";
  }
}

/** `address` or `address#port`. */
export function parseUpstream(text: string): Upstream {
  const [address = "", port = "53"] = text.split("#");
  return { address, port: Number(port) };
}

/** The first answer that a resolver gives; undefined if none does. */
export async function askUpstream(question: Question, upstreams: readonly Upstream[]): Promise<UpstreamAnswer | undefined> {
  const servers = upstreams.slice(0, mostServers);
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const answer = await ask(question, server).catch(() => undefined);
      if (answer && answer.rcode !== 2) return answer;
    }
  }
  return undefined;
}

async function ask(question: Question, server: Upstream): Promise<UpstreamAnswer> {
  // A random id and a socket of its own for each question make answers hard to forge.
  const id = randomInt(0x10000);
  const query = dnsPacket.encode({
    type: "query",
    id,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [question],
    additionals: [
      { type: "OPT", name: ".", udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
    ],
  });
  const overUdp = await exchangeUdp(query, server, (bytes) => bytes.readUInt16BE(0) === id);
  const packet = dnsPacket.decode(overUdp);
  const isTruncated = ((packet.flags ?? 0) & dnsPacket.TRUNCATED_RESPONSE) !== 0;
  const whole = isTruncated ? dnsPacket.decode(await exchangeTcp(query, server)) : packet;
  const withoutOption = (records: Answer[] = []): Answer[] => records.filter((record) => record.type !== "OPT");
  return {
    rcode: (whole.flags ?? 0) & 15,
    answers: withoutOption(whole.answers),
    authorities: withoutOption(whole.authorities),
  };
}

function exchangeUdp(query: Buffer, server: Upstream, isAnswer: (bytes: Buffer) => boolean): Promise<Buffer> {
  const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timeout")), attemptTimeoutMs);
    socket.on("error", reject);
    socket.on("message", (bytes) => {
      if (bytes.length < 12 || !isAnswer(bytes)) return;
      clearTimeout(timer);
      resolve(bytes);
    });
    // Connected: the kernel drops packets from anyone else and reports a refused port.
    socket.connect(server.port, server.address, () => socket.send(query));
    socket.on("close", () => clearTimeout(timer));
  }).finally(() => socket.close());
}

function exchangeTcp(query: Buffer, server: Upstream): Promise<Buffer> {
  const socket = connect({ host: server.address, port: server.port, timeout: attemptTimeoutMs });
  return new Promise<Buffer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("timeout", () => reject(new Error("timeout")));
    socket.on("end", () => reject(new Error("connection closed")));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
      }
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  }).finally(() => socket.destroy());
}
