/** Streams into this node's pods, each dialled back to the control plane that asked for it in a poll's answer. */
import type { WebSocket } from "ws";
import type { SessionRequest } from "../../protocol/session.ts";
import type { Status } from "../../protocol/status.ts";
import type { Api } from "../link/api.ts";
import type { Log } from "../pods/dependencies.ts";
import type { StoredPod } from "../pods/observed.ts";
import type { AgentPaths } from "../pods/paths.ts";
import type { Pods } from "../pods/pods.ts";
import type { Container, Runtime } from "../runtime/runtime.ts";
import { openExec } from "./exec.ts";
import { readLog } from "./log-reader.ts";
import { upgrade, writeTo } from "./runtime-connection.ts";
import { SessionSocket } from "./session-socket.ts";

interface SessionsOptions {
  runtime: Runtime;
  api: Pick<Api, "server" | "ca" | "token">;
  paths: AgentPaths;
  pods: Pick<Pods, "get">;
  log: Log;
}

const dialMs = 10_000;

/** The session cannot be had; its words go to the client. */
class SessionRefusal extends Error {
  override readonly name = "SessionRefusal";
  readonly status: Status;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  }
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sockets = new Set<SessionSocket>();
  #isStopped = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  open(requests: readonly SessionRequest[]): void {
    for (const request of requests) {
      if (this.#isStopped) return;
      this.#serve(request).catch((error: unknown) => {
        this.#options.log.warn({ verb: request.verb, pod: `${request.namespace}/${request.pod}`, error: error instanceof Error ? error.message : String(error) }, "a stream failed");
      });
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const socket of this.#sockets) socket.close(1001, "the agent stops");
  }

  async #serve(request: SessionRequest): Promise<void> {
    const websocket = await this.#dial(request.id);
    let receive: (data: Buffer) => Promise<void> | void = () => undefined;
    const socket = new SessionSocket(websocket, (data) => receive(data));
    this.#sockets.add(socket);
    try {
      const stream = await this.#begin(request, socket);
      receive = stream.receive;
      socket.ready();
      void socket.closed.then(stream.close);
      await stream.run();
      socket.close(1000);
      await socket.closed;
    } catch (error) {
      if (!(error instanceof SessionRefusal)) this.#options.log.warn({ verb: request.verb, error: String(error) }, "a stream could not be opened");
      const refusal = error instanceof SessionRefusal ? error : new SessionRefusal(500, "InternalError", error instanceof Error ? error.message : String(error));
      socket.refuse(refusal.status);
    } finally {
      this.#sockets.delete(socket);
    }
  }

  async #dial(id: string): Promise<WebSocket> {
    const { server, ca, token } = this.#options.api;
    const { WebSocket: Socket } = await import("ws");
    const url = new URL(`/kedge/v1/sessions/${encodeURIComponent(id)}`, server);
    url.protocol = server.protocol === "https:" ? "wss:" : "ws:";
    const headers = { Authorization: `Bearer ${token}` };
    const socket = new Socket(url, { headers, handshakeTimeout: dialMs, perMessageDeflate: false, ...(ca !== undefined && { ca }) });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return socket;
  }

  async #begin(request: SessionRequest, socket: SessionSocket): Promise<RunningStream> {
    const pod = this.#options.pods.get(request.uid);
    if (pod === undefined || pod.metadata.name !== request.pod) throw notFound(request);
    switch (request.verb) {
      case "exec":
      case "attach":
        return await this.#exec(request, socket);
      case "logs":
        return await this.#logs(request, { pod, socket });
      case "portforward":
        return await this.#portForward(request, socket);
      default:
        return request.verb satisfies never;
    }
  }

  async #exec(request: SessionRequest, socket: SessionSocket): Promise<RunningStream> {
    const { runtime } = this.#options;
    const [container] = await this.#attempts(request);
    if (container?.state !== "running") {
      throw new SessionRefusal(400, "BadRequest", `container ${request.container ?? ""} is not running in pod ${request.pod}`);
    }
    const { stdin = false, stdout = false, stderr = false, tty = false, command = [] } = request;
    const streams = { tty, stdin, stdout, stderr: stderr && !tty };
    const url = request.verb === "exec" ? await runtime.exec(container.id, command, streams) : await runtime.attach(container.id, streams);
    const connection = await openExec({ url, ...streams, send: (frame) => socket.sendWhole(frame) });
    return { receive: (frame) => connection.receive(frame), run: () => connection.done, close: () => connection.close() };
  }

  async #logs(request: SessionRequest, { pod, socket }: { pod: StoredPod; socket: SessionSocket }): Promise<RunningStream> {
    const { runtime } = this.#options;
    const attempts = await this.#attempts(request);
    const container = request.previous === true ? attempts.slice(1).find(({ state }) => state === "exited") ?? endedOnly(attempts) : attempts.find(({ state }) => state !== "created");
    if (container === undefined) throw noLogs(request, pod);
    const status = await runtime.containerStatus(container.id);
    if (status === undefined) throw noLogs(request, pod);
    const ending = new AbortController();
    const hasEnded = async (): Promise<boolean> => (await runtime.containerStatus(container.id))?.state !== "running";
    const { tailLines, limitBytes, follow = false, timestamps = false } = request;
    const run = (): Promise<void> =>
      readLog({ path: status.logPath, follow, timestamps, tailLines, limitBytes, sinceMs: sinceOf(request), signal: ending.signal, hasEnded, send: (text) => socket.send(text) });
    return { receive: () => undefined, run, close: () => ending.abort() };
  }

  /** The runtime itself speaks the protocol inside, in the pod's own network: bytes go through as they are. */
  async #portForward(request: SessionRequest, socket: SessionSocket): Promise<RunningStream> {
    const { runtime } = this.#options;
    const sandbox = (await runtime.listSandboxes(request.uid)).find(({ state }) => state === "ready");
    if (sandbox === undefined) throw new SessionRefusal(400, "BadRequest", `pod ${request.pod} is not running`);
    const connection = await upgrade(await runtime.portForward(sandbox.id, []), ["portforward.k8s.io"]);
    const run = async (): Promise<void> => {
      try {
        for await (const chunk of connection as AsyncIterable<Buffer>) await socket.send(chunk);
      } catch {
        // Cut off, by the pod's end or the client's.
      }
    };
    return { receive: (data) => writeTo(connection, data), run, close: () => connection.destroy() };
  }

  /** The container's attempts, newest first. */
  async #attempts({ uid, container }: SessionRequest): Promise<Container[]> {
    const all = await this.#options.runtime.listContainers(uid);
    return all.filter(({ name }) => name === container).toSorted((a, b) => b.attempt - a.attempt);
  }
}

interface RunningStream {
  receive(data: Buffer): Promise<void> | void;
  /** Until the stream has ended by itself. */
  run(): Promise<void>;
  /** The client has gone. */
  close(): void;
}

/** While a container waits for its next start, its last attempt is the previous one. */
function endedOnly(attempts: readonly Container[]): Container | undefined {
  const [newest] = attempts;
  return newest?.state === "exited" && newest.attempt > 0 ? newest : undefined;
}

function sinceOf({ sinceSeconds, sinceTime }: SessionRequest): number | undefined {
  if (sinceTime !== undefined) return Date.parse(sinceTime);
  return sinceSeconds === undefined ? undefined : Date.now() - sinceSeconds * 1000;
}

function notFound({ pod }: SessionRequest): SessionRefusal {
  return new SessionRefusal(404, "NotFound", `pods "${pod}" not found`);
}

function noLogs({ container = "", pod: name, previous }: SessionRequest, pod: StoredPod): SessionRefusal {
  if (previous === true) return new SessionRefusal(400, "BadRequest", `previous terminated container "${container}" in pod "${name}" not found`);
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const waiting = statuses.find((status) => status.name === container)?.state?.waiting;
  const why = waiting?.reason === undefined ? "is waiting to start" : `is waiting to start: ${waiting.reason}`;
  return new SessionRefusal(400, "BadRequest", `container "${container}" in pod "${name}" ${why}`);
}
