/** The Worker's WebSocket to the hub for the time of one poll. */
import { StatusError } from "../../protocol/status.ts";
import type { HubMessage, PollMessage } from "./hub-messages.ts";
import type { HubLink } from "./poll.ts";

/** The part of the hub's stub that is needed. */
export interface HubStub {
  fetch(request: Request): Promise<Response>;
}

/** `signal` ends the wait when the agent went away, so that nobody holds a poll for it. */
export async function openHubLink(options: {
  hub: HubStub;
  node: string;
  session: number;
  /** The agent's, which the hub verifies: one call is all that a poll makes. */
  token: string;
  signal: AbortSignal;
}): Promise<HubLink> {
  const { hub, node, session, token, signal } = options;
  const url = `https://hub/poll?node=${encodeURIComponent(node)}&session=${session}`;
  const response = await hub.fetch(new Request(url, { headers: { Upgrade: "websocket", Authorization: `Bearer ${token}` } }));
  const socket = response.webSocket;
  if (!socket) throw refusalOf(response.status, node);
  return linkOf(socket, signal);
}

function refusalOf(status: number, node: string): StatusError {
  const about = { group: "", kind: "nodes", name: node };
  switch (status) {
    case 401:
      return StatusError.unauthorized();
    case 403:
      return StatusError.forbidden(about, "only its own agent polls for it");
    case 409:
      return StatusError.conflict(about, "a newer session of its agent is running");
    default:
      return StatusError.serviceUnavailable("the node hub did not answer");
  }
}

function linkOf(socket: WebSocket, signal: AbortSignal): HubLink {
  const inbox: HubMessage[] = [];
  let isOver = signal.aborted;
  let notify: () => void = () => {};
  const end = () => {
    isOver = true;
    notify();
  };
  socket.addEventListener("message", (event) => {
    inbox.push(JSON.parse(String(event.data)) as HubMessage);
    notify();
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  signal.addEventListener("abort", end);
  socket.accept();
  return {
    async next(timeoutMs) {
      if (inbox.length === 0 && !isOver && timeoutMs > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          notify = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return inbox.shift();
    },
    say: (message: PollMessage) => {
      if (!isOver) socket.send(JSON.stringify(message));
    },
    close() {
      signal.removeEventListener("abort", end);
      socket.close(1000, "answered");
    },
  };
}
