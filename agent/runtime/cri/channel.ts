/** gRPC over containerd's unix socket: unary calls with a deadline, and one server stream. */
import { Client, Metadata, credentials, status, type ClientReadableStream, type ServiceError } from "@grpc/grpc-js";
import { RuntimeError } from "../runtime.ts";
import type { Message } from "./protobuf.ts";

export interface Method<Request, Response> {
  path: string;
  request: Message<unknown, Request>;
  response: Message<Response, never>;
}

/** One multiplexed connection; grpc-js reconnects by itself, with back-off. */
export class Channel {
  readonly #client: Client;

  constructor(socket: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": 32 * 1024 * 1024,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 3000,
    });
  }

  /** Throws a RuntimeError with the code and words of the runtime. */
  async call<Request, Response>(method: Method<Request, Response>, request: Request, timeoutMs: number): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.#client.makeUnaryRequest(
      method.path,
      (value: Request) => Buffer.from(method.request.encode(value)),
      (bytes) => method.response.decode(bytes),
      request,
      new Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        if (error !== null) reject(runtimeError(error));
        else if (response === undefined) reject(new RuntimeError("internal", `${method.path} answered nothing`));
        else resolve(response);
      },
    );
    return promise;
  }

  /** A server stream of containerd's own services, which want a namespace. */
  stream<Request, Response>(method: Method<Request, Response>, request: Request, namespace: string): ClientReadableStream<Response> {
    const metadata = new Metadata();
    metadata.set("containerd-namespace", namespace);
    return this.#client.makeServerStreamRequest(
      method.path,
      (value: Request) => Buffer.from(method.request.encode(value)),
      (bytes) => method.response.decode(bytes),
      request,
      metadata,
    );
  }

  /** False if there is no connection after `timeoutMs`. */
  async connected(timeoutMs: number): Promise<boolean> {
    return await new Promise((resolve) => this.#client.waitForReady(Date.now() + timeoutMs, (error) => resolve(error === undefined)));
  }

  close(): void {
    this.#client.close();
  }
}

function runtimeError(error: ServiceError): RuntimeError {
  return new RuntimeError((status[error.code] ?? "unknown").toLowerCase(), error.details || error.message);
}
