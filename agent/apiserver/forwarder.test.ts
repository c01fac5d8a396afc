/** Pods' requests through the agent to a control plane of this test's, over TLS on both sides. */
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { ApiServer } from "./api-server.ts";
import { Forwarder, type ForwarderOptions } from "./forwarder.ts";
import type { KeyPair } from "./serving-certificate.ts";
import { ask, listening, open, testKeyPair, type Asking } from "./testing.ts";

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let pair: KeyPair;
let theirs: KeyPair;
let controlPlane: Server;
let connections: Socket[];
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let address: URL;
let agents: ApiServer[];

beforeAll(async () => {
  [pair, theirs] = [await testKeyPair(), await testKeyPair()];
});

beforeEach(async () => {
  agents = [];
  connections = [];
  handle = (_, response) => response.end("ok");
  controlPlane = createServer({ key: theirs.privateKey, cert: theirs.certificate }, (request, response) => handle(request, response));
  controlPlane.on("secureConnection", (socket) => connections.push(socket));
  address = new URL(`https://127.0.0.1:${await listening(controlPlane)}`);
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  controlPlane.closeAllConnections();
  for (const socket of connections) socket.destroy();
  controlPlane.close();
});

/** An agent before the control plane; gives what a client needs to know of it. */
async function agentBefore(options: Partial<ForwarderOptions> = {}, limits = {}): Promise<Pick<Asking, "port" | "ca">> {
  const forwarder = new Forwarder({ server: address, ca: theirs.certificate, ...options });
  const agent = new ApiServer({ address: "127.0.0.1", forwarder, log, limits });
  agents.push(agent);
  await agent.use(pair);
  return { port: agent.port ?? 0, ca: pair.certificate };
}

/** What the control plane is asked, as JSON in its answer. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headersDistinct: headers } = request;
  response.end(JSON.stringify({ method, url, headers, body: await text(request) }));
}

describe("a request", () => {
  beforeEach(() => {
    handle = (request, response) => void echo(request, response);
  });

  it("goes on as it is, to the control plane's own host", async () => {
    const agent = await agentBefore();
    const path = "/api/v1/namespaces/a%2Fb/pods?labelSelector=a%3Db&x=//..";
    const { status, body } = await ask({ ...agent, method: "POST", path, headers: { authorization: "Bearer mine", "impersonate-group": ["a", "b"], "x-forwarded-for": "1.2.3.4" }, body: "{}" });
    expect([status, JSON.parse(body)]).toEqual([200, {
      method: "POST", url: path, body: "{}",
      headers: expect.objectContaining({ authorization: ["Bearer mine"], "impersonate-group": ["a", "b"], host: [address.host], "x-forwarded-for": ["127.0.0.1"] }),
    }]);
  });

  it("gets no credentials that it does not bring", async () => {
    const { body } = await ask(await agentBefore());
    expect(Object.keys(JSON.parse(body).headers).toSorted()).toEqual(["connection", "host", "x-forwarded-for"]);
  });

  it.each(["DELETE", "PATCH", "PUT", "POST"])("has its body, or none, with %s", async (method) => {
    const agent = await agentBefore();
    for (const body of ["", "x".repeat(300_000)]) {
      expect(JSON.parse((await ask({ ...agent, method, headers: body === "" ? {} : { "transfer-encoding": "chunked" }, body })).body)).toMatchObject({ method, body });
    }
    expect(JSON.parse((await ask({ ...agent, method, headers: { "content-length": 3 }, body: "abc" })).body)).toMatchObject({ body: "abc", headers: { "content-length": ["3"] } });
  });

  it.each(["http://elsewhere/", "*", "/a%20\u00e9", "elsewhere:443"])("for %s is refused, and goes nowhere", async (target) => {
    const { port, ca } = await agentBefore();
    const socket = connect({ host: "127.0.0.1", port, ca });
    socket.end(`OPTIONS ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, "latin1");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
    expect(connections).toHaveLength(0);
  });

  it("shares its connection with those before it, and none of them is taken for another", async () => {
    const agent = await agentBefore();
    const hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const method of ["POST", "DELETE", "GET"]) {
      for (const framing of [{ "transfer-encoding": "chunked" }, { "content-length": hidden.length }]) {
        expect(JSON.parse((await ask({ ...agent, method, path: "/seen", headers: framing, body: hidden })).body)).toMatchObject({ method, url: "/seen", body: hidden });
      }
    }
    expect(connections).toHaveLength(1);
  });

  it("to upgrade that promises a body brings none, and does not take the next request for it", async () => {
    const agent = await agentBefore();
    handle = (request, response) => void echo(request, response);
    const headers = { connection: "Upgrade", upgrade: "SPDY/3.1", "content-length": 40 };
    const socket = connect({ host: "127.0.0.1", ...agent });
    socket.write(`POST /exec HTTP/1.1\r\nHost: x\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
    expect(await text(socket)).toContain('"url":"/exec"');
    expect(JSON.parse((await ask({ ...agent, path: "/next" })).body)).toMatchObject({ method: "GET", url: "/next" });
  });
});

describe("an answer", () => {
  it("comes with its status and headers", async () => {
    handle = (_, response) => response.setHeader("Warning", ["299 - one", "299 - two"]).writeHead(410, { "audit-id": "1" }).end("gone");
    const answer = await ask(await agentBefore());
    expect(answer).toMatchObject({ status: 410, body: "gone", headers: { warning: "299 - one, 299 - two", "audit-id": "1" } });
  });

  it("that is a watch begins before it has anything to say, and comes piece by piece", async () => {
    let watch: ServerResponse | undefined;
    handle = (_, response) => (watch = response).flushHeaders();
    const response = await open(await agentBefore());
    for (const event of ["one\n", "two\n"]) {
      watch?.write(event);
      expect(String((await once(response, "data"))[0])).toBe(event);
    }
    watch?.end();
    await once(response, "end");
  });

  it("ends at the control plane when the client goes away", async () => {
    const gone = vi.fn();
    handle = (_, response) => response.on("close", gone).flushHeaders();
    (await open(await agentBefore())).destroy();
    await vi.waitFor(() => expect(gone).toHaveBeenCalled());
  });

  it.each(["has not begun", "has no connection yet"])("that %s is not waited for when the client goes away", async (what) => {
    const arrived = vi.fn();
    const left = vi.fn();
    const silent = createTcpServer((socket) => {
      arrived();
      connections.push(socket.on("close", left).on("error", () => undefined).resume());
    });
    handle = (request) => {
      arrived();
      request.socket.on("close", left);
    };
    const server = what === "has not begun" ? address : new URL(`https://127.0.0.1:${await listening(silent)}`);
    const client = connect({ host: "127.0.0.1", ...(await agentBefore({ server })) });
    client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome");
    await vi.waitFor(() => expect(arrived).toHaveBeenCalled());
    client.destroy();
    await vi.waitFor(() => expect(left).toHaveBeenCalled());
    silent.close();
  });

  it("that breaks off breaks off for the client, and does not look whole", async () => {
    handle = (_, response) => {
      response.write("half", () => response.destroy());
    };
    const response = await open(await agentBefore());
    await expect(text(response)).rejects.toThrow("aborted");
  });

  it("waits for a client that does not read", async () => {
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    handle = (_, response) => {
      const more = () => {
        do written += chunk.length;
        while (response.write(chunk));
        response.once("drain", more);
      };
      more();
    };
    const response = await open(await agentBefore());
    response.pause();
    let before = -1;
    // It stands still once every buffer on the way is full.
    await vi.waitFor(() => {
      const isStill = before === written;
      before = written;
      expect(isStill).toBe(true);
    }, { timeout: 10_000, interval: 300 });
    expect(written).toBeLessThan(32 * 1024 * 1024);
    response.destroy();
  });
});

describe("a control plane", () => {
  const unreachable = { status: 503, headers: { "retry-after": "1", "content-type": "application/json" } };

  it("that does not run: the client is told so, and to try again", async () => {
    const closed = createTcpServer();
    const port = await listening(closed);
    await new Promise((resolve) => closed.close(resolve));
    const answer = await ask({ ...(await agentBefore({ server: new URL(`https://127.0.0.1:${port}`) })), method: "POST", body: "x".repeat(200_000) });
    expect(answer).toMatchObject(unreachable);
    expect(JSON.parse(answer.body)).toMatchObject({ kind: "Status", code: 503, reason: "ServiceUnavailable", message: expect.stringContaining("the control plane cannot be reached: connect ECONNREFUSED") });
  });

  it("that nobody vouches for hears nothing of the request", async () => {
    const heard = vi.fn();
    handle = heard;
    const answer = await ask(await agentBefore({ ca: pair.certificate }));
    expect(answer).toMatchObject(unreachable);
    expect(answer.body).toContain("the control plane cannot be reached: self-signed certificate");
    expect(heard).not.toHaveBeenCalled();
  });

  it("that does not take the connection: as one that does not run", async () => {
    const silent = createTcpServer((socket) => connections.push(socket));
    const server = new URL(`https://127.0.0.1:${await listening(silent)}`);
    expect(await ask(await agentBefore({ server, timeouts: { connectMs: 50 } }))).toMatchObject(unreachable);
    silent.close();
  });

  it("that does not answer: the client is told so, but not to try again, since nobody knows what was done", async () => {
    handle = () => undefined;
    const answer = await ask(await agentBefore({ timeouts: { answerMs: 100 } }));
    expect(answer).toMatchObject({ status: 504 });
    expect(answer.headers["retry-after"]).toBeUndefined();
    expect(JSON.parse(answer.body)).toMatchObject({ reason: "Timeout", message: "Timeout: the control plane did not answer in time" });
  });

  it("that goes away with a request: so does the client's connection", async () => {
    handle = (request) => request.socket.destroy();
    await expect(ask({ ...(await agentBefore()), method: "POST", body: "{}" })).rejects.toThrow("socket hang up");
  });
});

describe("a WebSocket", () => {
  let sockets: WebSocketServer;
  beforeEach(() => {
    sockets = new WebSocketServer({ noServer: true });
    controlPlane.on("upgrade", (request, socket, head) => {
      if (request.headers.authorization !== "Bearer good") return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
      sockets.handleUpgrade(request, socket, head, (joined) => {
        joined.on("message", (data, isBinary) => joined.send(data, { binary: isBinary }));
        joined.on("close", (code) => sockets.emit("left", code));
      });
    });
  });
  afterAll(() => sockets.close());

  async function dial(token: string): Promise<WebSocket> {
    const { port, ca } = await agentBefore();
    return new WebSocket(`wss://127.0.0.1:${port}/exec?command=ls`, ["v5.channel.k8s.io"], { ca, headers: { authorization: `Bearer ${token}` } });
  }

  it("carries bytes both ways, and its end", async () => {
    const socket = await dial("good");
    await once(socket, "open");
    expect(socket.protocol).toBe("v5.channel.k8s.io");
    const sent = Buffer.alloc(1_000_000, 7);
    socket.send(sent);
    const [received] = (await once(socket, "message")) as [Buffer];
    expect(received.equals(sent)).toBe(true);
    const ends = Promise.all([once(sockets, "left"), once(socket, "close")]);
    socket.close(1000);
    expect(await ends).toEqual([[1000], [1000, expect.anything()]]);
  });

  it("that the control plane refuses is refused in its words", async () => {
    const socket = await dial("bad");
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    expect([response.statusCode, await text(response)]).toEqual([403, "{}"]);
  });

  it("that breaks off at the control plane breaks off for the client", async () => {
    const socket = await dial("good");
    await once(socket, "open");
    for (const connection of connections) connection.destroy();
    expect(await once(socket, "close")).toEqual([1006, expect.anything()]);
  });
});

describe("connections", () => {
  it("of one client are bounded", async () => {
    const { port, ca } = await agentBefore({}, { connectionsOfOne: 2 });
    const dial = () => connect({ host: "127.0.0.1", port, ca }).on("error", () => undefined);
    const held = [dial(), dial()];
    await Promise.all(held.map((socket) => once(socket, "secureConnect")));
    await expect(ask({ port, ca })).rejects.toThrow();
    const freed = held.pop();
    freed?.destroy();
    await vi.waitFor(async () => expect((await ask({ port, ca })).status).toBe(200));
    for (const socket of held) socket.destroy();
  });

  it("get the newest certificate, without an end to those that are there", async () => {
    const agent = await agentBefore();
    const before = connect({ host: "127.0.0.1", ...agent });
    await once(before, "secureConnect");
    const next = await testKeyPair();
    await agents[0]?.use(next);
    await expect(ask(agent)).rejects.toThrow("self-signed certificate");
    expect((await ask({ ...agent, ca: next.certificate })).status).toBe(200);
    before.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await text(before)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("find another port where the first one is taken", async () => {
    const [one, two] = [await agentBefore(), await agentBefore()];
    expect(one.port).not.toBe(two.port);
    expect([(await ask(one)).status, (await ask(two)).status]).toEqual([200, 200]);
  });

  it("are over when the agent stops, and there is no port any more", async () => {
    const agent = await agentBefore();
    handle = (_, response) => response.flushHeaders();
    const response = await open(agent);
    await agents[0]?.stop();
    await expect(text(response)).rejects.toThrow("aborted");
    expect(agents[0]?.port).toBeUndefined();
    await expect(ask(agent)).rejects.toThrow("ECONNREFUSED");
  });
});
