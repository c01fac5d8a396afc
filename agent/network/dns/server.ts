/** Cluster DNS on the node: UDP and TCP on one address that only this host and its pods reach. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { Answer } from "dns-packet";
import { answer, type AnswerConfig } from "./answer.ts";
import { decodeQuery, encodeResponse, rcode, udpLimit, type Query, type Response } from "./message.ts";
import { askUpstream, type Upstream } from "./upstream.ts";
import type { Zone } from "./zone.ts";

export interface DnsConfig extends AnswerConfig {
  address: string;
  port: number;
  /** Read for each question: the host's resolvers may change. */
  upstreams(): Upstream[];
}

const tcpIdleMs = 10_000;
const mostTcpConnections = 200;
/** Questions that wait for the host's resolvers at one time; more are refused rather than hoarded. */
const mostForwarded = 500;
const tcpLimit = 0xffff;

export class DnsServer {
  readonly #config: DnsConfig;
  #zone: Zone | undefined;
  #computeZone: (() => Zone) | undefined;
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #forwarded = 0;
  #turn = 0;

  constructor(config: DnsConfig) {
    this.#config = config;
  }

  /**
   * Takes over new names; they are computed when somebody asks, so that many changes cost one computation. Until the
   * first zone is known, cluster names are answered with SERVFAIL: clients ask again, and remember nothing.
   */
  setZone(compute: () => Zone): void {
    this.#zone = undefined;
    this.#computeZone = compute;
  }

  async start(): Promise<void> {
    const { address, port } = this.#config;
    const udp = createSocket("udp4");
    this.#udp = udp;
    udp.on("message", (bytes, peer) => {
      void this.#respond(bytes, false).then((reply) => {
        if (reply) udp.send(reply, peer.port, peer.address, () => undefined);
      });
    });
    udp.bind({ address, port, exclusive: true });
    await once(udp, "listening");
    udp.on("error", () => undefined);
    const tcp = createServer((socket) => this.#serve(socket));
    this.#tcp = tcp;
    tcp.maxConnections = mostTcpConnections;
    tcp.listen({ host: address, port: udp.address().port });
    await once(tcp, "listening");
  }

  /** Where it listens, also when the port was left to the kernel. */
  get port(): number {
    return this.#udp?.address().port ?? 0;
  }

  async stop(): Promise<void> {
    const closing = [this.#udp, this.#tcp].filter((one) => one !== undefined);
    this.#udp = this.#tcp = undefined;
    await Promise.all(closing.map((one) => new Promise<void>((resolve) => one.close(() => resolve()))));
  }

  /** Messages over TCP have their length in front; a client may send several. */
  #serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    socket.setTimeout(tcpIdleMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const message = received.subarray(2, end);
        received = received.subarray(end);
        void this.#respond(message, true).then((reply) => reply && socket.writable && socket.write(withLength(reply)));
      }
    });
  }

  async #respond(bytes: Buffer, isTcp: boolean): Promise<Buffer | undefined> {
    const query = decodeQuery(bytes);
    if (!query) return undefined;
    const limit = isTcp ? tcpLimit : udpLimit(query);
    try {
      return encodeResponse(query, await this.#responseTo(query), limit);
    } catch {
      return encodeResponse(query, failure(rcode.serverFailure), limit);
    }
  }

  async #responseTo(query: Query): Promise<Response> {
    const isReady = this.#computeZone !== undefined;
    this.#zone ??= this.#computeZone?.();
    const reply = answer(this.#zone ?? emptyZone, query.question, this.#config);
    if (reply.kind === "forward") return this.#forward(query, query.question.name, []);
    if (!isReady) return failure(rcode.serverFailure);
    switch (reply.kind) {
      case "records":
        return { rcode: rcode.noError, isAuthoritative: true, answers: this.#inTurn(reply.answers), additionals: reply.additionals };
      case "nodata":
        return { rcode: rcode.noError, isAuthoritative: true, answers: [], authorities: reply.authorities };
      case "nxdomain":
        return { rcode: rcode.noSuchName, isAuthoritative: true, answers: [], authorities: reply.authorities };
      case "alias":
        return this.#forward(query, reply.target, reply.answers);
    }
  }

  async #forward(query: Query, name: string, before: Answer[]): Promise<Response> {
    if (this.#forwarded >= mostForwarded) return failure(rcode.refused);
    this.#forwarded++;
    try {
      const outside = await askUpstream({ ...query.question, name }, this.#config.upstreams());
      if (!outside) return failure(rcode.serverFailure);
      const answers = [...before, ...outside.answers];
      return { rcode: outside.rcode, isAuthoritative: false, answers, authorities: outside.authorities };
    } finally {
      this.#forwarded--;
    }
  }

  /** Each answer begins with another record: clients of a headless Service that take the first one spread out. */
  #inTurn(answers: Answer[]): Answer[] {
    if (answers.length < 2) return answers;
    const start = this.#turn++ % answers.length;
    return [...answers.slice(start), ...answers.slice(0, start)];
  }
}

const emptyZone: Zone = { names: new Map(), pointers: new Map() };

function failure(code: number): Response {
  return { rcode: code, isAuthoritative: false, answers: [] };
}

function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
