/** The Worker's end of a watch, against a socket played by the test. */
import { describe, expect, it } from "vitest";
import { encodeEvents, encodeExpired, encodeProgress, hello } from "./frames.ts";
import { connectWatch, decodeWatchRequest, encodeWatchRequest, type WatchFeed, type WebSocketLike } from "./watch.ts";

class FakeSocket implements WebSocketLike {
  readonly sent: string[] = [];
  #receive: (event: { data: string }) => void = () => undefined;
  #end: () => void = () => undefined;
  accept(): void {}
  send(message: string): void {
    this.sent.push(message);
  }
  close(): void {
    this.sent.push("closed");
  }
  addEventListener(type: string, listener: (event: { data: string }) => void): void {
    if (type === "message") this.#receive = listener;
    if (type === "close") this.#end = () => listener({ data: "" });
  }
  message(data: string): void {
    this.#receive({ data });
  }
  end(): void {
    this.#end();
  }
}

async function open(since: number): Promise<{ feed: WatchFeed; socket: FakeSocket }> {
  const socket = new FakeSocket();
  const response = { status: 101, webSocket: socket, text: async () => "" };
  return { socket, feed: await connectWatch({ fetch: async () => response })({ resource: "pods", since }) };
}

const event = (revision: number, text = "{}") => ({ type: "ADDED" as const, key: "pods/a/x", uid: "u", revision, text });
const events = (...revisions: number[]) => ({ type: "events", events: revisions.map((revision) => event(revision)) });

describe("a watch's feed", () => {
  it("hands out what came, in order, and what comes", async () => {
    const { feed, socket } = await open(2);
    socket.message(encodeEvents([event(3)]));
    socket.message(encodeProgress(5));
    expect([await feed.next(), await feed.next()]).toEqual([events(3), { type: "progress", revision: 5 }]);
    const waiting = feed.next();
    socket.message(encodeEvents([event(6)]));
    expect(await waiting).toEqual(events(6));
  });

  it("tells a store that has forgotten it where it is, and never shows an event twice", async () => {
    const { feed, socket } = await open(2);
    socket.message(encodeEvents([event(3), event(4)]));
    socket.message(hello);
    expect(socket.sent).toEqual(["R4"]);
    socket.message(encodeEvents([event(4), event(5)]));
    socket.message(encodeEvents([event(5)]));
    socket.message(encodeEvents([event(6)]));
    expect([await feed.next(), await feed.next(), await feed.next()]).toEqual([events(3, 4), events(5), events(6)]);
  });

  it("asks for progress from where it is", async () => {
    const { feed, socket } = await open(2);
    socket.message(encodeProgress(9));
    feed.progress();
    expect(socket.sent).toEqual(["P9"]);
  });

  it("says what its reader has taken, and nothing of what it has not", async () => {
    const { feed, socket } = await open(2);
    const message = encodeEvents([event(3, "x".repeat(300_000))]);
    socket.message(message);
    expect(socket.sent).toEqual([]);
    await feed.next();
    expect(socket.sent).toEqual([`A${message.length}`]);
  });

  it("ends after an expiry, which is still handed out", async () => {
    const { feed, socket } = await open(2);
    socket.message(encodeExpired(7));
    expect([await feed.next(), await feed.next()]).toEqual([{ type: "expired", floor: 7 }, undefined]);
  });

  it("ends when the socket does, also for who waits", async () => {
    const { feed, socket } = await open(2);
    const waiting = feed.next();
    socket.end();
    expect([await waiting, await feed.next()]).toEqual([undefined, undefined]);
  });

  it("closes once, and sends nothing afterwards", async () => {
    const { feed, socket } = await open(2);
    feed.close();
    feed.progress();
    expect(socket.sent).toEqual(["closed"]);
    expect(await feed.next()).toBeUndefined();
  });

  it("is refused with the store's reason", async () => {
    const refusing = { fetch: async () => ({ status: 413, webSocket: null, text: async () => "too long" }) };
    await expect(connectWatch(refusing)({ resource: "pods", since: 1 })).rejects.toThrow("the store refused a watch: 413 too long");
  });
});

describe("a watch's request", () => {
  it("travels in a header, whatever a selector holds", () => {
    const request = { resource: "pods", since: 3, fields: [{ field: "metadata.name", operator: "=" as const, value: "ä€\n🙂" }] };
    expect(encodeWatchRequest(request)).toMatch(/^[\w+/=]+$/);
    expect(decodeWatchRequest(encodeWatchRequest(request))).toEqual(request);
  });
});
