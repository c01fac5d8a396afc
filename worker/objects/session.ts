/**
 * One stream into a pod: joins the client's WebSocket to the one that the agent dials back. Named by the session's
 * id; what it expects lives only while the client waits, so an id works once.
 *
 *      client ──► waiting ──(agent dials, says ready)──► joined ──(either end closes)──► gone
 *                    └──(no agent in 10 s, or its error)──► refused
 */
import { DurableObject } from "cloudflare:workers";
import type { SessionControl } from "../../protocol/session.ts";
import { StatusError, type Status } from "../../protocol/status.ts";
import type { Env } from "../env.ts";
import { Backlog } from "../nodes/backlog.ts";
import { granted, maySend, openWindow, passed, sent, type Window } from "../nodes/credit.ts";
import { dialBackMs } from "../nodes/open-sessions.ts";
import { decodeTicket, isClientAware, ticketHeader, type SessionTicket } from "../nodes/session-ticket.ts";
import { hubOf } from "./ports.ts";

type Role = "client" | "agent";

interface Attachment {
  role: Role;
  isClientAware: boolean;
  /** Of the agent's socket: what may go to the agent, what came from it. */
  window: Window;
}

interface Waiting {
  ticket: SessionTicket;
  resolve(refusal: Status | undefined): void;
}

export class Session extends DurableObject<Env> {
  #waiting: Waiting | undefined;
  readonly #backlog = new Backlog(this.ctx.storage.sql);

  /** `/client` with a ticket, from our Worker; `/agent?node=…` when the agent dials back. */
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/agent") return this.#acceptAgent(url.searchParams.get("node") ?? "");
    return this.#acceptClient(decodeTicket(request.headers.get(ticketHeader) ?? ""));
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const attachment = socket.deserializeAttachment() as Attachment; // written when it was accepted
    if (attachment.role === "client") return this.#fromClient(attachment, message);
    if (typeof message === "string" && this.#waiting) return this.#firstFromAgent(message);
    if (typeof message === "string") this.#controlFromAgent(socket, attachment, message);
    else this.#dataFromAgent(socket, attachment, message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    const { role } = socket.deserializeAttachment() as Attachment; // written when it was accepted
    this.#waiting?.resolve(dialError("the agent hung up").status);
    const wasDone = code === 1000 || code === 1005;
    close(socket, wasDone ? 1000 : 1011, reason);
    for (const other of this.ctx.getWebSockets(role === "client" ? "agent" : "client")) {
      close(other, wasDone ? 1000 : 1011, reason);
    }
    this.#backlog.clear();
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket, 1006, "connection lost");
  }

  async #acceptClient(ticket: SessionTicket): Promise<Response> {
    if (this.#waiting || this.ctx.getWebSockets().length > 0) return refuse(dialError("the session is in use").status);
    const arrival = this.#expect(ticket);
    try {
      if (!(await hubOf(this.env).openSession(ticket.node, ticket.request))) {
        return refuse(dialError(`node "${ticket.node}" is not connected`).status);
      }
      const refusal = await arrival;
      if (refusal) return this.#hangUp(refusal);
    } finally {
      this.#waiting = undefined;
    }
    // Nothing is awaited from here on: no message of the agent's may find the client's end missing.
    const { 0: client, 1: server } = new WebSocketPair();
    const aware = isClientAware(ticket.request.verb);
    this.#accept(server, { role: "client", isClientAware: aware, window: openWindow });
    const headers = new Headers();
    if (ticket.protocol !== "") headers.set("Sec-WebSocket-Protocol", ticket.protocol);
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  #expect(ticket: SessionTicket): Promise<Status | undefined> {
    return new Promise((resolve) => {
      const late = dialError(`the agent of node "${ticket.node}" did not answer within ${dialBackMs / 1000} s`).status;
      const timer = setTimeout(() => resolve(late), dialBackMs);
      const done = (refusal: Status | undefined) => {
        clearTimeout(timer);
        resolve(refusal);
      };
      this.#waiting = { ticket, resolve: done };
    });
  }

  #hangUp(refusal: Status): Response {
    for (const socket of this.ctx.getWebSockets()) close(socket, 1000, "refused");
    return refuse(refusal);
  }

  #acceptAgent(node: string): Response {
    const isExpected = this.#waiting?.ticket.node === node && this.ctx.getWebSockets("agent").length === 0;
    if (!this.#waiting || !isExpected) {
      return refuse(StatusError.notFound({ group: "", kind: "sessions", name: this.ctx.id.name ?? "" }).status);
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.#accept(server, { role: "agent", isClientAware: isClientAware(this.#waiting.ticket.request.verb), window: openWindow });
    return new Response(null, { status: 101, webSocket: client });
  }

  #accept(socket: WebSocket, attachment: Attachment): void {
    this.ctx.acceptWebSocket(socket, [attachment.role]);
    socket.serializeAttachment(attachment);
  }

  #firstFromAgent(message: string): void {
    const { error } = JSON.parse(message) as SessionControl;
    this.#waiting?.resolve(error);
  }

  /**
   * The agent is granted again what was handed to the runtime: workerd does not say what a client has taken
   * (`bufferedAmount` is missing, pings are answered below JavaScript), so one that stands still is not noticed here.
   */
  #dataFromAgent(agent: WebSocket, attachment: Attachment, message: ArrayBuffer): void {
    this.#send("client", message);
    if (attachment.isClientAware) return;
    const { window, grant } = passed(attachment.window, message.byteLength);
    agent.serializeAttachment({ ...attachment, window });
    if (grant > 0) this.#send("agent", JSON.stringify({ credit: grant } satisfies SessionControl));
  }

  #controlFromAgent(agent: WebSocket, attachment: Attachment, message: string): void {
    if (attachment.isClientAware) return this.#send("client", message);
    const { credit = 0 } = JSON.parse(message) as SessionControl;
    const next = { ...attachment, window: granted(attachment.window, credit) };
    agent.serializeAttachment(next);
    this.#drain(agent, next);
  }

  #fromClient({ isClientAware: aware }: Attachment, message: string | ArrayBuffer): void {
    if (aware) return this.#send("agent", message);
    // Kubernetes' channels are binary; a client that sends text means the bytes.
    const bytes = typeof message === "string" ? new TextEncoder().encode(message).slice().buffer : message;
    const [agent] = this.ctx.getWebSockets("agent");
    if (!agent) return;
    const attachment = agent.deserializeAttachment() as Attachment; // written when it was accepted
    if (this.#backlog.isEmpty && maySend(attachment.window)) this.#pass(agent, attachment, bytes);
    else if (!this.#backlog.push(bytes)) this.#cutOff();
  }

  #pass(agent: WebSocket, attachment: Attachment, bytes: ArrayBuffer): Attachment {
    const next = { ...attachment, window: sent(attachment.window, bytes.byteLength) };
    agent.serializeAttachment(next);
    this.#send("agent", bytes);
    return next;
  }

  #drain(agent: WebSocket, attachment: Attachment): void {
    let current = attachment;
    while (maySend(current.window)) {
      const bytes = this.#backlog.shift();
      if (!bytes) return;
      current = this.#pass(agent, current, bytes);
    }
  }

  #cutOff(): void {
    for (const socket of this.ctx.getWebSockets()) close(socket, 1009, "the pod does not read what is sent to it");
  }

  #send(role: Role, message: string | ArrayBuffer): void {
    for (const socket of this.ctx.getWebSockets(role)) {
      try {
        socket.send(message);
      } catch {
        // It is closing; its webSocketClose ends the other end too.
      }
    }
  }
}

/** What kube-apiserver says when it cannot reach a kubelet. */
function dialError(why: string): StatusError {
  return StatusError.internal(`error dialing backend: ${why}`);
}

function refuse(status: Status): Response {
  return Response.json(status, { status: status.code ?? 500 });
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason.slice(0, 100));
  } catch {
    // Already closed.
  }
}
