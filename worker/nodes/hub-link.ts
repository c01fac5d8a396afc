/** The Worker's WebSocket to the hub for the time of one poll. */
import { StatusError } from "../../protocol/status.ts";
import type { HubMessage, PollMessage } from "./hub-messages.ts";
import type { HubLink } from "./poll.ts";

/** The part of the hub's stub that is needed. */
export interface HubStub {
  fetch(input: string, init?: RequestInit): Promise<Response>;
}

/** `signal` ends the wait when the agent went away, so that nobody holds a poll for it. */
export async function openHubLink(options: {
  hub: HubStub;
  node: string;
  session: number;
  signal: AbortSignal;
}): Promise<HubLink> {
  const { hub, node, session, signal } = options;
  const url = `https://hub/poll?node=${encodeURIComponent(node)}&session=${session}`;
  const response = await hub.fetch(url, { headers: { Upgrade: "websocket" } });
  if (response.status === 409) {
    throw StatusError.conflict({ group: "", kind: "nodes", name: node }, "a newer session of its agent is running");
  }
  const socket = response.webSocket;
  if (!socket) throw StatusError.serviceUnavailable("the node hub did not answer");
  return linkOf(socket, signal);
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
