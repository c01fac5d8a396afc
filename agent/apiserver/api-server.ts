/**
 * The Kubernetes API as this node's pods reach it, `https://kubernetes.default.svc`: TLS ends here, with a certificate
 * that the `ca.crt` in every pod vouches for, and requests go on to the control plane (./forwarder.ts), wherever that
 * is. It listens at the address of cluster DNS, which the firewall (../network/frame.ts) opens to this host and its
 * pods only; nothing comes to its port but by the rules that the network makes of it.
 */
import { createServer, type Server } from "node:https";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Log } from "../pods/dependencies.ts";
import { probeAfterMs, type Forwarder } from "./forwarder.ts";
import type { KeyPair } from "./serving-certificate.ts";

export interface ApiServerOptions {
  address: string;
  forwarder: Forwarder;
  log: Log;
  limits?: Partial<Limits>;
}

interface Limits {
  connections: number;
  /** Of one pod: an informer has a connection for each kind that it watches. */
  connectionsOfOne: number;
}

const defaults: Limits = { connections: 1000, connectionsOfOne: 200 };
/** Above what the kernel gives to outgoing connections and below what services like to have. Any free one does as well. */
const preferredPort = 61_443;
const handshakeMs = 10_000;
const headersMs = 15_000;
/** Longer than Go's clients keep a connection that they do not use (90 s), so that it is they who close it. */
const idleMs = 95_000;

export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #limits: Limits;
  readonly #sockets = new Map<Socket, string>();
  #server: Server | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#limits = { ...defaults, ...options.limits };
  }

  /** Where it listens; undefined: it does not. */
  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Listens, or goes on with another certificate; connections that are there keep theirs. */
  async use(pair: KeyPair): Promise<void> {
    if (this.#server !== undefined) return this.#server.setSecureContext(contextOf(pair));
    const server = this.#create(pair);
    try {
      await listen(server, this.#options.address, preferredPort);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
      await listen(server, this.#options.address, 0);
    }
    this.#server = server;
    server.on("error", (error) => this.#options.log.error({ error: error.message }, "the API for pods"));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#options.forwarder.close();
    if (server?.listening !== true) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  #create(pair: KeyPair): Server {
    const { forwarder } = this.#options;
    const server = createServer({
      ...contextOf(pair),
      handshakeTimeout: handshakeMs,
      headersTimeout: headersMs,
      keepAliveTimeout: idleMs,
      // Without TLS nobody speaks HTTP/2 here, and its clients' offer comes with bodies that are none.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() !== "h2c",
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
    });
    server.maxConnections = this.#limits.connections;
    server.on("connection", (socket: Socket) => this.#admit(socket));
    server.on("request", (incoming, outgoing) => forwarder.forward(incoming, outgoing));
    server.on("upgrade", (incoming, socket, head) => forwarder.upgrade(incoming, socket, head));
    return server;
  }

  /** One pod does not take all connections of its node. */
  #admit(socket: Socket): void {
    const client = socket.remoteAddress ?? "";
    const count = [...this.#sockets.values()].filter((other) => other === client).length;
    if (count >= this.#limits.connectionsOfOne) return void socket.destroy();
    this.#sockets.set(socket, client);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

const contextOf = ({ privateKey, certificate }: KeyPair) => ({ key: privateKey, cert: certificate, minVersion: "TLSv1.2" as const });

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  await once(server, "listening");
}
