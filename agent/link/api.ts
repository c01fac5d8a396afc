/** Requests to the control plane: JSON over HTTPS, kept-alive connections, a timeout on each. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** An answer that is an error, in Kubernetes' words. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export interface ApiOptions {
  server: string;
  ca?: string | undefined;
  /** A bearer token for each request. */
  token(): string;
}

const longestAnswer = 64 * 1024 * 1024;

export class Api {
  readonly server: URL;
  readonly ca: string | undefined;
  readonly #token: () => string;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor({ server, ca, token }: ApiOptions) {
    this.server = checkedServer(server);
    this.ca = ca;
    this.#token = () => token();
    const options = { keepAlive: true, maxSockets: 8 };
    this.#agent = this.server.protocol === "https:" ? new HttpsAgent({ ...options, ...(ca !== undefined && { ca }) }) : new HttpAgent(options);
  }

  get token(): string {
    return this.#token();
  }

  /** @throws ApiError for a refusal, another Error if the server was not reached or did not answer in time. */
  async post<Answer>(path: string, body: unknown, options: { timeoutMs: number; signal?: AbortSignal }): Promise<Answer> {
    const text = JSON.stringify(body);
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    const headers = { Authorization: `Bearer ${this.#token()}`, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const send = this.server.protocol === "https:" ? httpsRequest : httpRequest;
    const sent = send(new URL(path, this.server), { method: "POST", agent: this.#agent, headers, signal }, resolve);
    sent.once("error", (error) => reject(timeout.aborted ? new Error(`no answer within ${options.timeoutMs / 1000} s`) : error));
    sent.end(text);
    const response = await promise;
    const answer = parse(await bodyOf(response));
    if (response.statusCode !== undefined && response.statusCode < 300) return answer as Answer; // the contract: protocol/agent.ts
    throw errorOf(response.statusCode ?? 0, answer);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Tokens must not cross a network in the clear. */
function checkedServer(server: string): URL {
  const url = new URL(server);
  const isLoopback = url.hostname === "localhost" || url.hostname === "127.0.0.1" || url.hostname === "[::1]";
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) return url;
  throw new Error(`--server must be an https URL, not ${server}`);
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestAnswer) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function errorOf(code: number, answer: unknown): ApiError {
  const { reason, message } = typeof answer === "object" && answer !== null ? (answer as { reason?: string; message?: string }) : {};
  return new ApiError(code, reason ?? "", message ?? `the server answered ${code}`);
}
