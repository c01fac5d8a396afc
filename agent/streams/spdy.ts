/**
 * The client's half of SPDY/3.1 as container runtimes speak it for exec and attach: streams told apart by their
 * headers, half-closed by FIN (which the WebSocket form of the protocol cannot do), no flow control of its own: the
 * connection's is enough, so a reader that is slow stops reading.
 *
 *     control frame   1 version:15 type:16 | flags:8 length:24 | …
 *     data frame      0 stream:31          | flags:8 length:24 | bytes
 */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import dictionaries from "spdy-transport/lib/spdy-transport/protocol/spdy/dictionary.js";

const version = 3;
const frameType = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7, headers: 8 } as const;
const fin = 1;
const dictionary = dictionaries[3];

export interface SpdyStream {
  readonly id: number;
  write(data: Uint8Array): Promise<void>;
  /** No more will be written; reading goes on. */
  end(): Promise<void>;
}

export interface SpdyListener {
  /** The next frame is read when the promise is settled. */
  onData(data: Buffer): Promise<void> | void;
  onEnd(): void;
}

interface Connection {
  /** Resolves when the bytes may be followed by more. */
  write(bytes: Uint8Array): Promise<void>;
}

export class SpdyClient {
  readonly #connection: Connection;
  readonly #deflate: Deflate = createDeflate({ dictionary });
  readonly #inflate: Inflate = createInflate({ dictionary });
  readonly #listeners = new Map<number, SpdyListener>();
  #nextId = 1;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(connection: Connection) {
    this.#connection = connection;
    // Headers that come are read and not needed; an error in them shows as a stream that never answers.
    this.#inflate.on("error", () => undefined).resume();
  }

  async open(headers: Record<string, string>, listener: SpdyListener): Promise<SpdyStream> {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#listeners.set(id, listener);
    const block = await this.#compress(headers);
    const payload = Buffer.alloc(10);
    payload.writeUInt32BE(id, 0);
    await this.#control(frameType.synStream, Buffer.concat([payload, block]));
    return {
      id,
      write: (data) => this.#data(id, data, 0),
      end: () => this.#data(id, new Uint8Array(), fin),
    };
  }

  /** Bytes from the other end; frames are handled one after the other. */
  async receive(chunk: Buffer): Promise<void> {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 8) {
      const length = this.#buffer.readUInt32BE(4) & 0xffffff;
      if (this.#buffer.length < 8 + length) return;
      const frame = this.#buffer.subarray(0, 8 + length);
      this.#buffer = this.#buffer.subarray(8 + length);
      await this.#frame(frame);
    }
  }

  /** The connection is gone: every stream has ended. */
  close(): void {
    for (const listener of this.#listeners.values()) listener.onEnd();
    this.#listeners.clear();
    this.#deflate.close();
    this.#inflate.close();
  }

  async #frame(frame: Buffer): Promise<void> {
    const isControl = (frame.readUInt8(0) & 0x80) !== 0;
    const flags = frame.readUInt8(4);
    if (!isControl) {
      const id = frame.readUInt32BE(0);
      if (frame.length > 8) await this.#listeners.get(id)?.onData(frame.subarray(8));
      if ((flags & fin) !== 0) this.#ended(id);
      return;
    }
    const type = frame.readUInt16BE(2);
    if (type === frameType.ping) await this.#control(frameType.ping, frame.subarray(8, 12));
    if (type === frameType.reset) this.#ended(frame.readUInt32BE(8));
    if (type === frameType.goAway) this.close();
    const isReply = type === frameType.synReply || type === frameType.headers;
    if (isReply && (flags & fin) !== 0) this.#ended(frame.readUInt32BE(8));
  }

  #ended(id: number): void {
    const listener = this.#listeners.get(id);
    this.#listeners.delete(id);
    listener?.onEnd();
  }

  async #control(type: number, payload: Uint8Array): Promise<void> {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8000 | version, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt32BE(payload.length, 4);
    await this.#connection.write(Buffer.concat([head, payload]));
  }

  async #data(id: number, data: Uint8Array, flags: number): Promise<void> {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(id, 0);
    head.writeUInt32BE(data.length, 4);
    head.writeUInt8(flags, 4);
    await this.#connection.write(Buffer.concat([head, data]));
  }

  /** One zlib stream for all header blocks of a connection, flushed after each. */
  async #compress(headers: Record<string, string>): Promise<Buffer> {
    const pairs = Object.entries(headers).flatMap(([name, value]) => [sized(name.toLowerCase()), sized(value)]);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(pairs.length / 2);
    const chunks: Buffer[] = [];
    const collect = (chunk: Buffer): void => void chunks.push(chunk);
    this.#deflate.on("data", collect);
    this.#deflate.write(Buffer.concat([count, ...pairs]));
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    this.#deflate.off("data", collect);
    return Buffer.concat(chunks);
  }
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
