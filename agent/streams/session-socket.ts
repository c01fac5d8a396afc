/**
 * The agent's end of a session: a WebSocket to the control plane with a credit window each way, because the broker in
 * between can see nobody's buffers. See protocol/session.ts.
 */
import type { WebSocket } from "ws";
import { initialCreditBytes, type SessionControl } from "../../protocol/session.ts";
import type { Status } from "../../protocol/status.ts";

const grantStepBytes = initialCreditBytes / 4;
const longestMessage = 64 * 1024;

export class SessionSocket {
  readonly #socket: WebSocket;
  #left = initialCreditBytes;
  #ungranted = 0;
  #waiting: (() => void)[] = [];
  #handling: Promise<void> = Promise.resolve();
  #isClosed = false;
  readonly #closed = Promise.withResolvers<void>();

  /** @param onData is called with one message after the other; the next waits for its promise */
  constructor(socket: WebSocket, onData: (data: Buffer) => Promise<void> | void) {
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      const bytes = data as Buffer; // ws's default form
      if (!isBinary) return this.#control(bytes.toString("utf8"));
      this.#handling = this.#handling.then(() => onData(bytes)).then(() => this.#grant(bytes.length), () => this.close(1011, "a message could not be passed on"));
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#isClosed = true;
      for (const go of this.#waiting.splice(0)) go();
      this.#closed.resolve();
    });
  }

  /** Resolves when the session is over, however. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Must be the first message. */
  ready(): void {
    this.#say({ ready: true });
  }

  refuse(error: Status): void {
    this.#say({ error });
    this.close(1000, "refused");
  }

  /** Resolves when more may be sent; sends nothing once the session is over. */
  async send(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length && !this.#isClosed; ) {
      while (this.#left <= 0 && !this.#isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const part = data.subarray(at, at + Math.min(longestMessage, Math.max(this.#left, 1)));
      this.#left -= part.length;
      at += part.length;
      await this.#write(part);
    }
  }

  /** One message that must not be cut (a frame of the channel protocol). */
  async sendWhole(data: Uint8Array): Promise<void> {
    while (this.#left <= 0 && !this.#isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#isClosed) return;
    this.#left -= data.length;
    await this.#write(data);
  }

  close(code = 1000, reason = ""): void {
    if (!this.#isClosed) this.#socket.close(code, reason);
  }

  async #write(data: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.send(data, { binary: true }, () => resolve()));
  }

  #control(text: string): void {
    const { credit = 0 } = JSON.parse(text) as SessionControl; // the contract: protocol/session.ts
    this.#left += credit;
    if (this.#left > 0) for (const go of this.#waiting.splice(0)) go();
  }

  #grant(bytes: number): void {
    this.#ungranted += bytes;
    if (this.#ungranted < grantStepBytes) return;
    this.#say({ credit: this.#ungranted });
    this.#ungranted = 0;
  }

  #say(control: SessionControl): void {
    if (!this.#isClosed) this.#socket.send(JSON.stringify(control));
  }
}
