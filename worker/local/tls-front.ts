/**
 * HTTPS in front of workerd: ends TLS and pipes the bytes to workerd's own socket. Miniflare's entry worker would
 * halve the throughput, and workerd's direct sockets speak plain HTTP.
 */
import { connect, type Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";

export interface TlsFrontOptions {
  cert: string;
  key: string;
  host: string;
  port: number;
  /** Path of the socket that workerd listens on. */
  backend: string;
}

/** How long a new connection waits for a workerd that is being restarted. */
const patienceMs = 10_000;
const retryMs = 50;

export class PortTaken extends Error {
  override readonly name = "PortTaken";
}

export async function startTlsFront(options: TlsFrontOptions): Promise<{ server: Server; port: number }> {
  // The API's clients upgrade to WebSocket for exec and port-forward, which workerd offers over HTTP/1.1 only.
  const server = createServer(
    { cert: options.cert, key: options.key, ALPNProtocols: ["http/1.1"], minVersion: "TLSv1.2", noDelay: true },
    (client) => void serve(client, options.backend),
  );
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await listen(server, options);
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : options.port };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new PortTaken(`port ${port} of ${host} is taken`) : error),
    );
    server.listen({ host, port, backlog: 1024 }, resolve);
  });
}

async function serve(client: TLSSocket, backend: string): Promise<void> {
  client.on("error", () => client.destroy());
  client.pause();
  const upstream = await connectPatiently(backend, client);
  if (upstream === undefined) {
    client.destroy();
    return;
  }
  upstream.on("error", () => client.destroy());
  upstream.on("close", () => client.destroy());
  client.on("close", () => upstream.destroy());
  client.pipe(upstream);
  upstream.pipe(client);
}

async function connectPatiently(path: string, client: TLSSocket): Promise<Socket | undefined> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline && !client.destroyed) {
    const socket = await connectOnce(path);
    if (socket !== undefined) return socket;
    await sleep(retryMs);
  }
  return undefined;
}

function connectOnce(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}
