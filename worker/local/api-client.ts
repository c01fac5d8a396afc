/** A small client of a Kubernetes API: JSON over HTTPS with one CA and one bearer token. */
import { Agent, request } from "node:https";

export interface ApiClientOptions {
  server: string;
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
  const agent = new Agent({ keepAlive: true, ...(options.ca === undefined ? {} : { ca: options.ca }) });
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
    const outgoing = request(new URL(path, options.server), { method, agent, headers, signal }, (response) => {
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
