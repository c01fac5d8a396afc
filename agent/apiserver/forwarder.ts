/**
 * Forwards pods' requests to the control plane, as they are: with the credentials that they bring and none of the agent's,
 * over connections of the agent's own that are kept and shared. Bodies pass in both directions as fast as the slower side
 * takes them, and nothing waits in memory. WebSockets (exec, attach, port-forward) become pipes.
 *
 * What the control plane's connection suffers, the client's suffers: an answer that breaks off breaks off here, too. Only
 * where no byte of a request has left this host the client is told to try again, as client-go then does.
 */
import { Agent as HttpAgent, request as httpRequest, ServerResponse, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline, type Duplex } from "node:stream";
import { StatusError } from "../../protocol/status.ts";
import { requestHeaders, responseHeaders } from "./headers.ts";

export interface ForwarderOptions {
  server: URL;
  /** PEM; absent: public authorities vouch for the control plane. */
  ca?: string | undefined;
  timeouts?: Partial<Timeouts>;
}

interface Timeouts {
  connectMs: number;
  /** Until the answer begins: the control plane itself gives up after a minute. */
  answerMs: number;
}

const defaults: Timeouts = { connectMs: 10_000, answerMs: 70_000 };
const retryAfterSeconds = 1;
/** Connections that wait for the next request. Those in use are as many as clients have requests. */
const mostIdle = 8;
/** A path as HTTP/1.1 has them; `*`, whole URLs and what is not ASCII are none. */
const path = /^\/[\x21-\x7e]*$/;
/** A connection that is not heard from is asked whether it is there: a watch may be silent for long, a dead one for ever. */
export const probeAfterMs = 30_000;

export class Forwarder {
  readonly #server: URL;
  readonly #agent: HttpAgent;
  readonly #timeouts: Timeouts;
  readonly #isSecure: boolean;

  constructor({ server, ca, timeouts }: ForwarderOptions) {
    this.#server = server;
    this.#timeouts = { ...defaults, ...timeouts };
    this.#isSecure = server.protocol === "https:";
    const options = { keepAlive: true, maxFreeSockets: mostIdle };
    this.#agent = this.#isSecure ? new HttpsAgent({ ...options, ...(ca !== undefined && { ca }) }) : new HttpAgent(options);
  }

  /** One request and its answer, however long that goes on. */
  forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // Said again, since not every method would have its body marked by Node: it would be taken for the next request.
    const framing = incoming.headers["transfer-encoding"] === undefined ? {} : { "transfer-encoding": "chunked" };
    const sent = this.#send(incoming, outgoing, framing);
    if (sent === undefined) return;
    sent.once("response", (response) => answer(response, outgoing));
    incoming.pipe(sent);
  }

  /** A request to speak another protocol: if it is granted, both connections become one pipe. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const refusal = new ServerResponse(incoming);
    refusal.shouldKeepAlive = false;
    // An HTTP server gives nothing but sockets here.
    refusal.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    refusal.once("finish", () => socket.end());
    // It goes on without a body, and must not promise one: what comes next on the connection would be taken for it.
    delete incoming.headersDistinct["content-length"];
    const sent = this.#send(incoming, refusal, { connection: "Upgrade", upgrade: incoming.headers.upgrade ?? "" });
    if (sent === undefined) return;
    sent.once("response", (response) => answer(response, refusal));
    sent.once("upgrade", (response, other, otherHead) => {
      other.on("error", () => other.destroy());
      refusal.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
      join({ socket, head }, { socket: other, head: otherHead }, response);
    });
    sent.end();
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(incoming: IncomingMessage, outgoing: ServerResponse, more: OutgoingHttpHeaders): ClientRequest | undefined {
    const sent = this.#request(incoming, more);
    if (sent === undefined) {
      refuse(outgoing, StatusError.badRequest("the request is not well-formed"));
      return undefined;
    }
    let hasConnection = false;
    const why = this.#watchTime(sent, () => (hasConnection = true));
    sent.on("error", (error) => {
      incoming.unpipe(sent);
      incoming.resume();
      if (outgoing.destroyed) return; // The client went away before.
      if (outgoing.headersSent) outgoing.destroy();
      else if (!hasConnection) refuse(outgoing, StatusError.serviceUnavailable(`the control plane cannot be reached: ${error.message}`));
      else if (why.timeout !== undefined) refuse(outgoing, StatusError.timeout(why.timeout, 0));
      else incoming.socket.destroy();
    });
    // The client went away, or has its answer.
    outgoing.once("close", () => sent.destroy());
    return sent;
  }

  /** Undefined: it cannot be said in HTTP. */
  #request(incoming: IncomingMessage, more: OutgoingHttpHeaders): ClientRequest | undefined {
    const { host, hostname, port } = this.#server;
    const { method, url = "" } = incoming;
    if (!path.test(url)) return undefined;
    const headers = { ...requestHeaders(incoming.headersDistinct, incoming.socket.remoteAddress ?? ""), ...more, host };
    const options = { host: hostname.replace(/^\[|\]$/g, ""), path: url, method, headers, agent: this.#agent, ...(port !== "" && { port }) };
    try {
      return this.#isSecure ? httpsRequest(options) : httpRequest(options);
    } catch {
      return undefined;
    }
  }

  #watchTime(sent: ClientRequest, onConnected: () => void): { timeout?: string } {
    const why: { timeout?: string } = {};
    const { connectMs, answerMs } = this.#timeouts;
    const endAfter = (ms: number, message: string) =>
      setTimeout(() => {
        why.timeout = message;
        sent.destroy(new Error(message));
      }, ms);
    const answering = endAfter(answerMs, "the control plane did not answer in time");
    sent.once("socket", (socket) => {
      socket.setKeepAlive(true, probeAfterMs);
      if (!socket.connecting) return onConnected();
      const connecting = endAfter(connectMs, `no connection within ${connectMs / 1000} s`);
      socket.once(this.#isSecure ? "secureConnect" : "connect", () => {
        clearTimeout(connecting);
        onConnected();
      });
      sent.once("close", () => clearTimeout(connecting));
    });
    for (const event of ["response", "upgrade", "close"]) sent.once(event, () => clearTimeout(answering));
    return why;
  }
}

function answer(response: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, responseHeaders(response.headersDistinct));
  // A watch may have nothing to say for a minute: its client is to know at once that it stands.
  outgoing.flushHeaders();
  // It destroys whichever is left when the other one fails.
  pipeline(response, outgoing, () => undefined);
}

function refuse(outgoing: ServerResponse, { status, code }: StatusError): void {
  const body = JSON.stringify(status);
  if (code === 503) outgoing.setHeader("Retry-After", retryAfterSeconds);
  outgoing.writeHead(code, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  outgoing.end(body);
}

interface End {
  socket: Duplex;
  /** What arrived together with the upgrade. */
  head: Buffer;
}

function join(client: End, server: End, response: IncomingMessage): void {
  const headers = { ...responseHeaders(response.headersDistinct), connection: ["Upgrade"], upgrade: [response.headers.upgrade ?? ""] };
  const lines = Object.entries(headers).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`));
  client.socket.write(`HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\n${lines.join("\r\n")}\r\n\r\n`);
  client.socket.write(server.head);
  server.socket.write(client.head);
  pipeline(client.socket, server.socket, () => client.socket.destroy());
  pipeline(server.socket, client.socket, () => server.socket.destroy());
}
