/**
 * A small client of a Kubernetes API: JSON over HTTPS with one CA and one bearer token, or by a unix socket, for a
 * process that stays and need not be resident with OpenSSL (7 MB).
 */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";

export interface ApiClientOptions {
  server: string;
  /** Asked by this socket in plain HTTP, whatever the server's address. */
  socketPath?: string;
  token: string;
  ca?: string;
  timeoutMs?: number;
}

export interface ApiAnswer {
  status: number;
  body: unknown;
}

export interface ApiClient {
  call(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  close(): void;
}

const defaultTimeoutMs = 15_000;

export function apiClient(options: ApiClientOptions): ApiClient {
  const agent =
    options.socketPath === undefined
      ? new (process.getBuiltinModule("node:https").Agent)({ keepAlive: true, ...(options.ca === undefined ? {} : { ca: options.ca }) })
      : new (process.getBuiltinModule("node:http").Agent)({ keepAlive: true });
  return {
    call: (method, path, body) => call({ ...options, agent, method, path, body }),
    close: () => agent.destroy(),
  };
}

function call(options: ApiClientOptions & { agent: Agent; method: string; path: string; body: unknown }): Promise<ApiAnswer> {
  const { agent, method, path, body } = options;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${options.token}`, accept: "application/json", ...(text && { "content-type": "application/json" }) };
    const signal = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
    const url = new URL(path, options.server);
    const asked = { host: url.hostname, port: url.port, path: `${url.pathname}${url.search}`, method, agent, headers, signal };
    const outgoing = ask(options, asked, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) }));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // The server ended an idle connection just when it was used again: nothing was asked yet.
      const isIdleEnd = outgoing.reusedSocket && error.code === "ECONNRESET";
      if (isIdleEnd) resolve(call(options));
      else reject(error);
    });
    outgoing.end(text);
  });
}

function ask({ socketPath }: ApiClientOptions, asked: RequestOptions, answered: (response: IncomingMessage) => void): ClientRequest {
  if (socketPath === undefined) return process.getBuiltinModule("node:https").request(asked, answered);
  return process.getBuiltinModule("node:http").request({ ...asked, socketPath }, answered);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
