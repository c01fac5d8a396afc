/** The API that is measured: any Kubernetes API, by URL and token. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadLaunch } from "../../worker/local/launch.ts";
import { defaultStateDir, statePaths } from "../../worker/local/paths.ts";

export interface TargetOptions {
  server: string;
  token: string;
  ca?: string;
  /** Set when it is a cluster of this machine: then its processes can be measured too. */
  stateDir?: string;
}

export interface Settings {
  /** Fails when nothing says which API. */
  targetOptions: () => TargetOptions;
  /** Names of the measures to run; empty: all. */
  only: string[];
  /** Pods for the list and memory measures. */
  pods: number;
}

/** Flags, then environment, then the cluster of the default state directory. */
export function settings(args: string[], env: NodeJS.ProcessEnv = process.env): Settings {
  const { values } = parseArgs({
    args,
    options: {
      server: { type: "string" },
      "token-file": { type: "string" },
      "ca-file": { type: "string" },
      "state-dir": { type: "string" },
      only: { type: "string" },
      pods: { type: "string" },
    },
  });
  const targetOptions = () => {
    const server = values.server ?? env.KEDGE_SERVER;
    if (server === undefined) return localTarget(values["state-dir"] ?? defaultStateDir);
    const token = values["token-file"] ? readFileSync(values["token-file"], "utf8").trim() : env.KEDGE_TOKEN;
    if (token === undefined) throw new Error("say who you are: --token-file FILE or KEDGE_TOKEN");
    return { server, token, ...(values["ca-file"] ? { ca: readFileSync(values["ca-file"], "utf8") } : {}) };
  };
  return { targetOptions, only: values.only?.split(",") ?? [], pods: Number(values.pods ?? 5000) };
}

function localTarget(stateDir: string): TargetOptions {
  const paths = statePaths(stateDir);
  const secret = (name: string) => readFileSync(join(paths.secrets, name), "utf8").trim();
  return { server: loadLaunch(paths).server, token: secret("admin-token"), ca: secret("ca.crt"), stateDir: paths.dir };
}

export interface Answer {
  status: number;
  text: string;
}

/** What the bench needs of any object that it reads back. */
export interface AnyObject {
  metadata: { name: string; namespace?: string; uid?: string; resourceVersion?: string; deletionTimestamp?: string };
  spec?: { nodeName?: string; replicas?: number };
  status?: Record<string, unknown> & { conditions?: { type: string; status: string }[] };
}

export interface WatchEvent {
  type: string;
  object: AnyObject;
}

const requestTimeoutMs = 60_000;

export class Target {
  readonly options: TargetOptions;
  readonly #agent: Agent;

  constructor(options: TargetOptions, connections = 64) {
    this.options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ...(options.ca === undefined ? {} : { ca: options.ca }) });
  }

  send(method: string, path: string, body?: unknown, contentType = "application/json"): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { ...this.#headers(), ...(text === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(text) }) };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, this.options.server), { method, headers, agent: this.#agent, timeout: requestTimeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer in time`)));
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        // The server ended an idle connection just when it was used again: nothing was asked yet.
        const isIdleEnd = outgoing.reusedSocket && error.code === "ECONNRESET";
        if (isIdleEnd) resolve(this.send(method, path, body, contentType));
        else reject(error);
      });
      outgoing.end(text);
    });
  }

  /** Fails unless the answer is a success; gives the parsed body. */
  async call<T = AnyObject>(method: string, path: string, body?: unknown, contentType?: string): Promise<T> {
    const { status, text } = await this.send(method, path, body, contentType);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T; // the caller names the shape that the path has
  }

  /** Deletes; what is not there is fine. */
  async remove(path: string, body?: unknown): Promise<void> {
    const { status, text } = await this.send("DELETE", path, body);
    if (status !== 404 && (status < 200 || status > 299)) throw new Error(`DELETE ${path}: ${status} ${text.slice(0, 500)}`);
  }

  /** Calls `listener` for each event until the returned function is called. Resolves when the stream is open. */
  watch(path: string, listener: (event: WatchEvent, atMs: number) => void): Promise<() => void> {
    const url = new URL(path, this.options.server);
    url.searchParams.set("watch", "true");
    return new Promise((resolve, reject) => {
      // A connection of its own: a watch would take one away from the clients.
      const agent = new Agent(this.options.ca === undefined ? {} : { ca: this.options.ca });
      const outgoing = request(url, { headers: this.#headers(), agent }, (response) => {
        if (response.statusCode !== 200) return reject(new Error(`watch ${path}: ${response.statusCode}`));
        let rest = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          const atMs = performance.now();
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) if (line !== "") listener(JSON.parse(line), atMs);
        });
        response.on("error", () => undefined);
        resolve(() => outgoing.destroy());
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.options.token}`, accept: "application/json" };
  }
}
