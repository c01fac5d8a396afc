/**
 * Streams that wait for their agent to dial back. Each is offered to the agent's poll until a poll took it, and is
 * forgotten when nobody did in time. Pure, over a storage port.
 */
import type { SessionRequest } from "../../protocol/session.ts";

export interface OpenSession {
  node: string;
  request: SessionRequest;
  expiresAt: number;
}

export interface SessionStorage {
  put(session: OpenSession): void;
  delete(id: string): void;
  ofNode(node: string): OpenSession[];
}

/** How long an agent may take to dial back. */
export const dialBackMs = 10_000;

export class OpenSessions {
  readonly #storage: SessionStorage;

  constructor(storage: SessionStorage) {
    this.#storage = storage;
  }

  open(node: string, request: SessionRequest, now: number): void {
    this.#storage.put({ node, request, expiresAt: now + dialBackMs });
  }

  /** What the node's next answer has to carry; what nobody fetched in time is dropped. */
  waiting(node: string, now: number): SessionRequest[] {
    const sessions = this.#storage.ofNode(node);
    for (const { request, expiresAt } of sessions) if (expiresAt <= now) this.#storage.delete(request.id);
    return sessions.filter(({ expiresAt }) => expiresAt > now).map(({ request }) => request);
  }

  took(ids: string[]): void {
    for (const id of ids) this.#storage.delete(id);
  }
}
