/**
 * Exits and OOM kills as containerd tells them. containerd 1.6 has no CRI GetContainerEvents, so this is containerd's
 * own event service on the same socket. The stream carries no history, and containerd does not say when a
 * subscription took effect: shortly after each (re)connection the listener gets `resync`, because anything may have
 * happened before.
 */
import type { RuntimeEvent } from "../runtime.ts";
import type { Channel } from "./channel.ts";
import { eventEnvelope, subscribeRequest, taskExit, taskOom } from "./messages.ts";

const subscribe = {
  path: "/containerd.services.events.v1.Events/Subscribe",
  request: subscribeRequest,
  response: eventEnvelope,
};
const namespace = "k8s.io";
const filters = ["/tasks/exit", "/tasks/oom"].map((topic) => `namespace==${namespace},topic=="${topic}"`);
const reconnectMs = { first: 100, most: 5000 };
const subscribedAfterMs = 100;
const connectMs = 10_000;

export function watchEvents(channel: Channel, listener: (event: RuntimeEvent) => void, signal: AbortSignal): void {
  let delayMs = reconnectMs.first;
  const connectLater = (): void => {
    setTimeout(() => void connect(), delayMs * (0.5 + Math.random() / 2)).unref();
    delayMs = Math.min(delayMs * 2, reconnectMs.most);
  };
  const connect = async (): Promise<void> => {
    // While nobody is there, nobody is told to look again: all would fail, and wait longer after each failure.
    const isConnected = await channel.connected(connectMs);
    if (signal.aborted) return;
    if (!isConnected) return connectLater();
    const stream = channel.stream(subscribe, { filters }, namespace);
    const abort = (): void => stream.cancel();
    signal.addEventListener("abort", abort, { once: true });
    const subscribed = setTimeout(() => listener({ type: "resync" }), subscribedAfterMs);
    stream.on("data", (envelope) => {
      delayMs = reconnectMs.first;
      const event = runtimeEvent(envelope);
      if (event !== undefined) listener(event);
    });
    // "error" precedes "close" when the connection breaks; without a listener it would end the process.
    stream.on("error", () => undefined);
    stream.once("close", () => {
      signal.removeEventListener("abort", abort);
      clearTimeout(subscribed);
      if (!signal.aborted) connectLater();
    });
  };
  void connect();
}

function runtimeEvent(envelope: ReturnType<typeof eventEnvelope.decode>): RuntimeEvent | undefined {
  const value = envelope.event?.value;
  if (value === undefined) return undefined;
  if (envelope.topic === "/tasks/oom") return { type: "oom", containerId: taskOom.decode(value).containerId };
  const exit = taskExit.decode(value);
  // The end of an exec'ed process is not the container's.
  if (exit.id !== exit.containerId) return undefined;
  return { type: "exit", containerId: exit.containerId, exitCode: exit.exitStatus };
}
