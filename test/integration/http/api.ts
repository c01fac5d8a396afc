/** Requests to the whole Worker as its admin, and watches read event by event. */
import { applyD1Migrations, env, SELF } from "cloudflare:test";

export const adminToken = "test-admin-token";
const origin = "https://cluster";

export interface Answer<T = Json> {
  status: number;
  headers: Headers;
  text: string;
  body: T;
}

/** Any JSON object of the API, as a test looks into it. */
export interface Json {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    continue?: string;
    remainingItemCount?: number;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
    finalizers?: string[];
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  items: Json[];
  spec: Record<string, unknown>;
  data?: Record<string, string>;
  status?: unknown;
  code?: number;
  reason?: string;
  message?: string;
  details?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface CallOptions {
  body?: unknown;
  /** As it is, instead of JSON. */
  text?: string;
  bytes?: Uint8Array;
  type?: string;
  accept?: string;
  token?: string;
  headers?: Record<string, string>;
  redirect?: "manual";
  /** Whom the admin asks as: name and groups. */
  as?: string[];
}

export async function prepare(): Promise<void> {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
}

export async function send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { body, text, bytes, type = "application/json", accept, token = adminToken, headers, redirect, as = [] } = options;
  const content = bytes ?? text ?? (body === undefined ? undefined : JSON.stringify(body));
  return await SELF.fetch(origin + path, {
    method,
    headers: {
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...(content === undefined ? {} : { "content-type": type }),
      ...(accept === undefined ? {} : { accept }),
      ...impersonation(as),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
    ...(redirect === undefined ? {} : { redirect }),
  });
}

function impersonation([name, ...groups]: string[]): Record<string, string> {
  if (name === undefined) return {};
  return { "impersonate-user": name, ...(groups.length === 0 ? {} : { "impersonate-group": groups.join(",") }) };
}

export async function call<T = Json>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const response = await send(method, path, options);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  // A test says what it expects of the body right after.
  return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as T };
}

export async function namespace(name: string): Promise<string> {
  const { status, text } = await call("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  if (status !== 201) throw new Error(text);
  return `/api/v1/namespaces/${name}`;
}

export interface WatchEvent {
  type: string;
  object: Json;
}

/** A watch as a client reads it. */
export class WatchReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #rest = "";

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  static async open(path: string, options: CallOptions = {}): Promise<WatchReader> {
    const response = await send("GET", path, options);
    if (response.status !== 200 || response.body === null) throw new Error(`${response.status} ${await response.text()}`);
    return new WatchReader(response.body);
  }

  /** The next event; undefined at the stream's end. */
  async next(): Promise<WatchEvent | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line) as WatchEvent;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#rest += this.#decoder.decode(value, { stream: true });
    }
  }

  async take(count: number): Promise<string[]> {
    const seen: string[] = [];
    while (seen.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      seen.push(`${event.type} ${event.object.metadata.name}`);
    }
    return seen;
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}
