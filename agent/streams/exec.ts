/**
 * exec and attach: the channels of `v5.channel.k8s.io` on the session's side, SPDY streams on the runtime's.
 *
 *     session  0 stdin · 1 stdout · 2 stderr · 3 error (Status) · 4 resize · 255 close
 *     runtime    stdin ·   stdout ·   stderr ·   error           ·   resize
 */
import type { Duplex } from "node:stream";
import { upgrade, writeTo } from "./runtime-connection.ts";
import { SpdyClient, type SpdyStream } from "./spdy.ts";

export interface ExecOptions {
  url: string;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
  /** A channel's bytes for the client; the runtime is not read on before the promise is settled. */
  send(frame: Buffer): Promise<void>;
}

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const protocols = ["v4.channel.k8s.io", "v3.channel.k8s.io"];

export interface ExecConnection {
  /** A frame from the client. */
  receive(frame: Buffer): Promise<void>;
  /** Resolves when the command ended and everything that it wrote has been sent. */
  done: Promise<void>;
  close(): void;
}

export async function openExec(options: ExecOptions): Promise<ExecConnection> {
  const socket = await upgrade(options.url, protocols);
  const spdy = new SpdyClient({ write: (bytes) => writeTo(socket, bytes) });
  const streams = await openStreams(spdy, options);
  const done = pump(socket, spdy);
  return {
    done,
    receive: (frame) => dispatch(streams, frame),
    close: () => socket.destroy(),
  };
}

type Streams = Partial<Record<"stdin" | "resize", SpdyStream>>;

async function openStreams(spdy: SpdyClient, { stdin, stdout, stderr, tty, send }: ExecOptions): Promise<Streams> {
  const forward = (channel: number) => ({
    onData: (data: Buffer) => send(Buffer.concat([Buffer.from([channel]), data])),
    onEnd: () => undefined,
  });
  const silent = { onData: () => undefined, onEnd: () => undefined };
  // The runtime waits for all of them; in which order does not matter.
  await spdy.open({ streamtype: "error" }, forward(channels.error));
  const streams: Streams = {};
  if (stdin) streams.stdin = await spdy.open({ streamtype: "stdin" }, silent);
  if (stdout) await spdy.open({ streamtype: "stdout" }, forward(channels.stdout));
  if (stderr && !tty) await spdy.open({ streamtype: "stderr" }, forward(channels.stderr));
  if (tty) streams.resize = await spdy.open({ streamtype: "resize" }, silent);
  return streams;
}

/** Reads the runtime until it closes; each chunk waits for the one before to be sent. */
async function pump(socket: Duplex, spdy: SpdyClient): Promise<void> {
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) await spdy.receive(chunk);
  } catch {
    // Cut off: the session says so by closing without a status.
  } finally {
    spdy.close();
    socket.destroy();
  }
}

async function dispatch(streams: Streams, frame: Buffer): Promise<void> {
  const [channel] = frame;
  const data = frame.subarray(1);
  if (channel === channels.stdin) await streams.stdin?.write(data);
  else if (channel === channels.resize) await streams.resize?.write(data);
  else if (channel === channels.close && data[0] === channels.stdin) await streams.stdin?.end();
}
