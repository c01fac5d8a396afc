import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { initialCreditBytes } from "../../protocol/session.ts";
import { settle } from "../fake-clock.ts";
import { SessionSocket } from "./session-socket.ts";

/** What SessionSocket uses of a WebSocket. */
class FakeSocket extends EventEmitter {
  readonly sent: (string | Buffer)[] = [];
  closedWith: number | undefined;

  send(data: string | Buffer, ...rest: unknown[]): void {
    this.sent.push(data);
    const done = rest.at(-1);
    if (typeof done === "function") done();
  }

  close(code: number): void {
    this.closedWith = code;
    this.emit("close");
  }

  say(control: object): void {
    this.emit("message", Buffer.from(JSON.stringify(control)), false);
  }

  get bytesSent(): number {
    return this.sent.reduce((sum, data) => sum + (typeof data === "string" ? 0 : data.length), 0);
  }

  get controls(): unknown[] {
    return this.sent.flatMap((data) => (typeof data === "string" ? [JSON.parse(data)] : []));
  }
}

function setUp(onData: (data: Buffer) => Promise<void> | void = () => undefined) {
  const fake = new FakeSocket();
  return { fake, session: new SessionSocket(fake as unknown as WebSocket, onData) };
}

describe("SessionSocket", () => {
  it("sends no more than the other end allowed, and goes on when it allows more", async () => {
    const { fake, session } = setUp();
    const sending = session.send(Buffer.alloc(initialCreditBytes + 1000));
    await settle();
    expect(fake.bytesSent).toBe(initialCreditBytes);
    fake.say({ credit: 400 });
    await settle();
    expect(fake.bytesSent).toBe(initialCreditBytes + 400);
    fake.say({ credit: 4000 });
    await sending;
    expect(fake.bytesSent).toBe(initialCreditBytes + 1000);
  });
  it("allows more only when what came was passed on", async () => {
    const passing = Promise.withResolvers<void>();
    const { fake } = setUp(() => passing.promise);
    fake.emit("message", Buffer.alloc(initialCreditBytes / 4), true);
    await settle();
    expect(fake.controls).toEqual([]);
    passing.resolve();
    await settle();
    expect(fake.controls).toEqual([{ credit: initialCreditBytes / 4 }]);
  });
  it("handles one message after the other", async () => {
    const passed: string[] = [];
    const first = Promise.withResolvers<void>();
    const { fake } = setUp(async (data) => {
      if (data.toString() === "a") await first.promise;
      passed.push(data.toString());
    });
    for (const text of ["a", "b"]) fake.emit("message", Buffer.from(text), true);
    await settle();
    expect(passed).toEqual([]);
    first.resolve();
    await settle();
    expect(passed).toEqual(["a", "b"]);
  });
  it("lets a sender go that waits when the session ends", async () => {
    const { fake, session } = setUp();
    const sending = session.send(Buffer.alloc(initialCreditBytes * 2));
    await settle();
    fake.emit("close");
    await sending;
    expect(session.isClosed).toBe(true);
  });
  it("refuses with a status as its first message", () => {
    const { fake, session } = setUp();
    session.refuse({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code: 404 });
    expect(fake.controls).toEqual([{ error: expect.objectContaining({ code: 404 }) }]);
    expect(fake.closedWith).toBe(1000);
  });
});
