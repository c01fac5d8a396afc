/**
 * Events as a kubelet tells them. The same event again raises the count of the first one; because each write costs,
 * a repetition is sent only when it is news: the second and third at once, later ones once a minute.
 */
import type { Event, ObjectReference } from "../../protocol/kubernetes/generated/types.ts";
import { eventName } from "../../protocol/event-name.ts";
import type { Clock } from "../clock.ts";
import type { StoredPod } from "./observed.ts";
import { timeOf } from "./status/time.ts";

export interface Happening {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  /** Name of the container that it is about. */
  container?: string;
  /** Its place in the spec, if it is an init container. */
  isInit?: boolean;
}

interface Known {
  event: Event;
  sentMs: number;
}

const repeatedAtOnce = 3;
const repeatEveryMs = 60_000;
const forgetAfterMs = 3_600_000;
const mostKnown = 1000;

export class EventRecorder {
  readonly #clock: Clock;
  readonly #nodeName: string;
  readonly #send: (event: Event) => void;
  readonly #known = new Map<string, Known>();
  #made = 0;

  constructor(options: { clock: Clock; nodeName: string; send(event: Event): void }) {
    this.#clock = options.clock;
    this.#nodeName = options.nodeName;
    this.#send = (event) => options.send(event);
  }

  forPod(pod: StoredPod, happening: Happening): void {
    const { namespace = "default", name, uid, resourceVersion } = pod.metadata;
    const list = happening.isInit === true ? "initContainers" : "containers";
    const fieldPath = happening.container === undefined ? undefined : `spec.${list}{${happening.container}}`;
    this.#record({ kind: "Pod", apiVersion: "v1", namespace, name, uid, resourceVersion, ...(fieldPath && { fieldPath }) }, happening);
  }

  forNode(happening: Happening): void {
    this.#record({ kind: "Node", apiVersion: "v1", name: this.#nodeName, uid: this.#nodeName }, happening);
  }

  #record(involvedObject: ObjectReference, { type, reason, message }: Happening): void {
    const nowMs = this.#clock.now();
    const key = JSON.stringify([involvedObject.uid, involvedObject.fieldPath, reason, message]);
    const known = this.#known.get(key);
    if (known === undefined || nowMs - known.sentMs > forgetAfterMs) {
      const event = this.#newEvent(involvedObject, { type, reason, message });
      this.#remember(key, { event, sentMs: nowMs });
      this.#send(event);
      return;
    }
    const count = (known.event.count ?? 1) + 1;
    known.event = { ...known.event, count, lastTimestamp: timeOf(nowMs) };
    if (count > repeatedAtOnce && nowMs - known.sentMs < repeatEveryMs) return;
    known.sentMs = nowMs;
    this.#send(known.event);
  }

  #newEvent(involvedObject: ObjectReference, { type, reason, message }: Happening): Event {
    const time = timeOf(this.#clock.now());
    const namespace = involvedObject.namespace ?? "default";
    return {
      metadata: { name: eventName(involvedObject.name ?? "", this.#clock.now(), (this.#made += 1)), namespace },
      involvedObject,
      type,
      reason,
      message: message.slice(0, 1024),
      source: { component: "kubelet", host: this.#nodeName },
      reportingComponent: "kubelet",
      reportingInstance: this.#nodeName,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
  }

  #remember(key: string, known: Known): void {
    if (this.#known.size >= mostKnown) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.delete(key);
    this.#known.set(key, known);
  }
}
