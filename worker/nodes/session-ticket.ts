/** What the Worker hands to a Session when a client opens a stream; travels in a header of the upgrade. */
import type { SessionRequest } from "../../protocol/session.ts";

export interface SessionTicket {
  node: string;
  request: SessionRequest;
  /** What to answer as Sec-WebSocket-Protocol; empty for none. */
  protocol: string;
}

export const ticketHeader = "kedge-session-ticket";

export function encodeTicket(ticket: SessionTicket): string {
  return encodeURIComponent(JSON.stringify(ticket));
}

export function decodeTicket(text: string): SessionTicket {
  return JSON.parse(decodeURIComponent(text)) as SessionTicket; // made by encodeTicket in our own Worker
}

/** True if the client's end is the Worker, which speaks credit itself; else the Session grants on behalf of it. */
export function isClientAware(verb: SessionRequest["verb"]): boolean {
  return verb === "logs";
}
