/**
 * The hub: who is alive, who is to be told what. A plain class over ports; the Durable Object around it
 * (../objects/node-hub.ts) holds the sockets, the SQLite and the alarm.
 */
import type { SessionRequest } from "../../protocol/session.ts";
import type { HubMessage, PollMessage } from "./hub-messages.ts";
import { Leases, type Heard, type LeaseStorage } from "./leases.ts";
import { OpenSessions, type SessionStorage } from "./open-sessions.ts";

export interface HubPorts {
  leases: LeaseStorage;
  sessions: SessionStorage;
  facts: { read(name: string): string | undefined; write(name: string, value: string): void };
  /** Sends to the polls of one node, or of all. */
  send(node: string | undefined, message: HubMessage): void;
  now(): number;
}

/** So often a poll reads the store even without news: a database restored to the past sends none. */
const verifyMs = 3_600_000;

export class Hub {
  readonly leases: Leases;
  readonly #sessions: OpenSessions;
  readonly #ports: HubPorts;

  constructor(ports: HubPorts) {
    this.#ports = ports;
    this.leases = new Leases(ports.leases);
    this.#sessions = new OpenSessions(ports.sessions);
  }

  /** A poll begins: its first message, or undefined if its session is fenced off. */
  greet(node: string, session: number, clusterUid: string): HubMessage | undefined {
    const now = this.#ports.now();
    if (this.leases.heard(node, session, now) === "stale") return undefined;
    const lease = this.leases.get(node);
    return {
      type: "hello",
      clusterUid,
      news: Math.max(lease?.news ?? 0, Number(this.#ports.facts.read("news") ?? 0)),
      sessions: this.#sessions.waiting(node, now),
      hasReturned: this.leases.tellToReport(node, now),
      mustVerify: now - (lease?.verifiedAt ?? 0) > verifyMs,
    };
  }

  /** What the Worker that holds a poll says. */
  hear(node: string, message: PollMessage): void {
    if (message.type === "took") this.#sessions.took(message.sessions);
    else this.leases.noteVerified(node, this.#ports.now());
  }

  /** A status report is a sign of life too. */
  report(node: string, session: number, hasNodeStatus: boolean): Heard {
    const heard = this.leases.heard(node, session, this.#ports.now());
    if (heard !== "stale" && hasNodeStatus) this.leases.reported(node);
    return heard;
  }

  /** News for one node; kept, then told. */
  wakeNode(node: string, revision: number): void {
    this.leases.noteNews(node, revision);
    this.#ports.send(node, { type: "news", revision });
  }

  /** News for every node: Services and their endpoints. */
  wakeAll(revision: number): void {
    this.#ports.facts.write("news", String(revision));
    this.#ports.send(undefined, { type: "news", revision });
  }

  /** The Node is gone from the API: a living agent registers it again, as a kubelet does; any other is forgotten. */
  nodeDeleted(node: string): void {
    if (!this.isConnected(node)) return this.leases.forget(node);
    this.leases.requireReport(node);
    this.#ports.send(node, { type: "report" });
  }

  /** An agent is there; a node that is kept through the API alone has none. */
  isConnected(node: string): boolean {
    return this.leases.isAlive(node, this.#ports.now()) && (this.leases.get(node)?.session ?? 0) > 0;
  }

  /** Asks a node's agent to dial back; false if nobody is there to ask. */
  openSession(node: string, request: SessionRequest): boolean {
    const now = this.#ports.now();
    if (!this.isConnected(node)) return false;
    this.#sessions.open(node, request, now);
    this.#ports.send(node, { type: "sessions", sessions: [request] });
    return true;
  }
}
