/** Streams into pods: `pods/log`, `pods/exec`, `pods/attach`, `pods/portforward`. */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import type { SessionControl } from "../../protocol/session.ts";
import { StatusError, type Status } from "../../protocol/status.ts";
import type { Env } from "../env.ts";
import { openWindow, passed } from "../nodes/credit.ts";
import {
  attachRequestOf, execRequestOf, logRequestOf, portForwardRequestOf, requireRunning, type StreamOptions,
} from "../nodes/pod-streams.ts";
import { dialBackMs } from "../nodes/open-sessions.ts";
import { encodeTicket, ticketHeader } from "../nodes/session-ticket.ts";
import { withDeadline } from "../objects/deadline.ts";
import { hubOf } from "../objects/ports.ts";
import { objectOf } from "../registry/text.ts";
import { pods } from "../resources/core/pods.ts";
import { admitSubresource } from "./admission.ts";
import type { Call, Handler } from "./context.ts";
import { statusResponse } from "./errors.ts";
import { isTrue } from "./options.ts";

/** It asks the hub, then waits for the agent to dial back. */
const sessionMs = dialBackMs + 25_000;
const channelProtocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const tunnelProtocols = ["SPDY/3.1+portforward.k8s.io"];

export const log: Handler = async (call) => {
  const pod = await podOf(call);
  const options = logRequestOf(pod, call.query);
  const headers = { "content-type": "text/plain" };
  if (!options) return new Response("", { headers });
  const response = await openSession(call.env, { node: nodeOf(pod), options, protocol: "" });
  if (!response.webSocket) return response;
  return new Response(bodyOf(response.webSocket, call.request.signal), { headers });
};

export const exec: Handler = async (call) =>
  upgrade(call, { kind: "PodExecOptions", requestOf: (pod) => execRequestOf(pod, call.query), protocols: channelProtocols });
export const attach: Handler = async (call) =>
  upgrade(call, { kind: "PodAttachOptions", requestOf: (pod) => attachRequestOf(pod, call.query), protocols: channelProtocols });
export const portForward: Handler = async (call) =>
  upgrade(call, { kind: "PodPortForwardOptions", requestOf: portForwardRequestOf, protocols: tunnelProtocols });

interface Upgrade {
  /** What admission reviews. */
  kind: string;
  requestOf(pod: Stored<Pod>): StreamOptions;
  protocols: string[];
}

const flags = ["stdin", "stdout", "stderr", "tty"];

function connectOptionsOf(query: URLSearchParams): Record<string, unknown> {
  const [container, command, ports] = [query.get("container"), query.getAll("command"), query.getAll("ports").map(Number)];
  const given = flags.filter((name) => query.has(name)).map((name) => [name, isTrue(query, name)]);
  return {
    ...Object.fromEntries(given),
    ...(container === null ? {} : { container }),
    ...(command.length === 0 ? {} : { command }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

async function upgrade(call: Call, { kind, requestOf, protocols }: Upgrade): Promise<Response> {
  const pod = await podOf(call);
  await admitSubresource(call, { operation: "CONNECT", as: { group: "", version: "v1", kind }, body: connectOptionsOf(call.query) });
  const options = requestOf(pod);
  const node = nodeOf(pod);
  const wanted = call.request.headers.get("upgrade")?.toLowerCase();
  // kubectl tries SPDY when a WebSocket was refused, and shows only this second answer: it says the true reason too.
  if (wanted !== "websocket") {
    await requireConnected(call.env, node);
    requireRunning(pod, options.container);
    throw StatusError.badRequest(wanted === undefined ? "Upgrade request required" : `unable to upgrade the connection to ${wanted}: use a WebSocket`);
  }
  const offered = (call.request.headers.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
  const protocol = protocols.find((one) => offered.includes(one));
  if (protocol === undefined) {
    throw StatusError.badRequest(`unable to upgrade: the server speaks ${protocols.join(", ")}, the client ${offered.join(", ") || "none"}`);
  }
  return openSession(call.env, { node, options, protocol });
}

/** 101 with the client's end, or the Status that says why not. */
async function openSession(env: Env, { node, options, protocol }: { node: string; options: StreamOptions; protocol: string }): Promise<Response> {
  const id = crypto.randomUUID().replaceAll("-", "");
  const ticket = encodeTicket({ node, request: { id, ...options }, protocol });
  const session = env.SESSION.getByName(id);
  const opened = session.fetch("https://session/client", { headers: { Upgrade: "websocket", [ticketHeader]: ticket } });
  const response = await withDeadline(opened, sessionMs, "the session did not answer in time");
  if (response.status === 101) return response;
  return statusResponse(await response.json<Status>());
}

async function podOf({ store, info }: Call): Promise<Stored<Pod>> {
  const stored = await store.get(`pods/${info.namespace}/${info.name}`);
  if (!stored) throw StatusError.notFound({ group: "", kind: "pods", name: info.name });
  return objectOf<Pod>(pods, stored);
}

function nodeOf(pod: Stored<Pod>): string {
  return pod.spec?.nodeName ?? "";
}

async function requireConnected(env: Env, node: string): Promise<void> {
  if (await hubOf(env).isConnected(node)) return;
  throw StatusError.internal(`error dialing backend: node "${node}" is not connected`);
}

/**
 * The session's bytes as a body. What the client has not read yet is not granted again to the agent, so that a slow
 * reader slows the agent down instead of filling memory.
 */
function bodyOf(socket: WebSocket, signal: AbortSignal): ReadableStream<Uint8Array> {
  socket.binaryType = "arraybuffer";
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  let written = Promise.resolve();
  let window = openWindow;
  const hangUp = () => socket.close(1000, "the client went away");
  const pass = async (bytes: Uint8Array) => {
    await writer.write(bytes);
    const step = passed(window, bytes.byteLength);
    window = step.window;
    if (step.grant > 0) socket.send(JSON.stringify({ credit: step.grant } satisfies SessionControl));
  };
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") return;
    const bytes = new Uint8Array(data as ArrayBuffer); // as binaryType says
    written = written.then(() => pass(bytes)).catch(hangUp);
  });
  socket.addEventListener("close", ({ code }) => {
    const end = () => (code === 1000 || code === 1005 ? writer.close() : writer.abort(new Error("the stream was cut")));
    written = written.then(end).catch(() => {});
  });
  signal.addEventListener("abort", hangUp);
  writer.closed.catch(hangUp);
  socket.accept();
  return readable;
}
