/** Events that controllers record about what they do. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { Action } from "./controller.ts";

/**
 * So many objects of one plan get an event each; the others share one, as client-go's correlator does with similar
 * events, only that ours does not first write ten of them. An event costs rows.
 */
const maxEventsOfAPlan = 5;

interface Recorded {
  about: Stored<KubernetesObject>;
  component: string;
  reason: string;
  type?: "Normal" | "Warning";
}

export function eventAction(recorded: Recorded, message: string): Action {
  const { about, component, reason, type = "Normal" } = recorded;
  return { type: "event", about, event: { reason, message, type, component } };
}

/** One event a message while they are few, `(combined from similar events)` for the rest. */
export function eventActions(recorded: Recorded, messages: string[]): Action[] {
  const single = messages.slice(0, maxEventsOfAPlan).map((message) => eventAction(recorded, message));
  const last = messages.length > maxEventsOfAPlan ? messages.at(-1) : undefined;
  return last === undefined ? single : [...single, eventAction(recorded, `(combined from similar events): ${last}`)];
}
