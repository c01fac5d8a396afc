/**
 * The scheduler's loop over ports, without Durable Object: keep the picture current, place what is due, write it as
 * one guarded list, learn from refusals. The picture is a cache: any doubt, and it is read anew.
 */
import type { Planner } from "../registry/registry.ts";
import type { RequestContext } from "../resources/resource.ts";
import type { ChangesQuery, ObjectKey, Store, StoredObject, WriteOperation, WriteResult } from "../storage/store.ts";
import { BackOff } from "./back-off.ts";
import { observed, observeEvent, observeObject, type Observation } from "./observe.ts";
import { Picture } from "./picture.ts";
import type { PodInfo } from "./pod-info.ts";
import { inOrder, scheduleRound, type Decision } from "./round.ts";
import { bindingWrites, evictionWrites, unschedulableWrites } from "./writes.ts";

export interface EnginePorts {
  store: Pick<Store, "changes" | "list" | "getMany" | "write">;
  planner: Planner;
  newContext(): RequestContext;
  report(message: string, error: unknown): void;
}

/** One list's worth: more wait for the next round, which sees the first ones' places. */
const maxPodsPerRound = 500;
const pageSize = 500;

interface PlannedDecision {
  decision: Decision;
  operations: WriteOperation[];
}

export class SchedulerEngine {
  readonly #ports: EnginePorts;
  #observation: Observation = emptyObservation();
  #backOff = new BackOff();
  /** Up to here the picture is current; undefined: it has to be read. */
  #revision: number | undefined;

  constructor(ports: EnginePorts) {
    this.#ports = ports;
  }

  /**
   * Rounds until nobody is due. Answers when to come again (milliseconds since the epoch), if somebody waits.
   * Throws if the store fails; the caller tries again later.
   */
  async run(): Promise<number | undefined> {
    for (let mayHurry = true; ;) {
      await this.#synchronize();
      const { picture } = this.#observation;
      const waiting = picture.waiting().filter((pod) => !pod.isGated);
      this.#backOff.keepOnly(new Set(waiting.map(({ uid }) => uid)));
      const context = this.#ports.newContext();
      let due = waiting.filter(({ uid }) => this.#backOff.isDue(uid, picture.generation, context.now));
      if (due.length === 0 && mayHurry) {
        mayHurry = false;
        const early = this.#backOff.early(picture.generation);
        due = waiting.filter(({ uid }) => early.has(uid));
      }
      if (due.length === 0) return this.#backOff.nextDue(picture.generation);
      await this.#round(inOrder(due).slice(0, maxPodsPerRound), context);
    }
  }

  /** Placements are in the picture before they are written: after an error nobody knows which of them are true. */
  async #round(due: PodInfo[], context: RequestContext): Promise<void> {
    try {
      await this.#place(due, context);
    } catch (error) {
      this.#revision = undefined;
      throw error;
    }
  }

  async #place(due: PodInfo[], context: RequestContext): Promise<void> {
    const { picture } = this.#observation;
    const decisions = scheduleRound(due, picture);
    for (const decision of decisions) {
      if (decision.type === "unschedulable") this.#backOff.failed(decision.pod.uid, picture.generation, context.now);
    }
    const victims = await this.#textsOf(decisions);
    const planned = decisions.map((decision) => this.#plan(decision, victims, context));
    const operations = planned.flatMap((one) => one.operations);
    if (operations.length === 0) return;
    const { results } = await this.#ports.store.write({ operations, guards: this.#guardsOf(decisions) });
    this.#settle(planned, results, context.now);
  }

  /** The last bind that the picture knows of, by node: two schedulers, or a stale one, do not overfill it. */
  #guardsOf(decisions: Decision[]): { scope: string; revision: number }[] {
    const nodes = new Set(decisions.flatMap((decision) => (decision.type === "bind" ? [decision.node] : [])));
    return [...nodes].map((node) => ({ scope: `bind/${node}`, revision: this.#revision ?? 0 }));
  }

  #plan(decision: Decision, victims: Map<ObjectKey, StoredObject>, context: RequestContext): PlannedDecision {
    const { planner } = this.#ports;
    const ports = { planner, context };
    const stored = this.#observation.waiting.get(decision.pod.key);
    if (!stored) return { decision, operations: [] };
    try {
      if (decision.type === "bind") return { decision, operations: bindingWrites(decision, stored, ports) };
      const evictions = decision.victims.flatMap((victim) => {
        const text = victims.get(victim.key);
        return text ? evictionWrites(text, decision.pod, { node: decision.nominatedNodeName, ports }) : [];
      });
      return { decision, operations: [...unschedulableWrites(decision, stored, ports), ...evictions] };
    } catch (error) {
      this.#ports.report(`pod ${decision.pod.key} could not be written`, error);
      this.#undo(decision, context.now);
      return { decision, operations: [] };
    }
  }

  /** The first operation of a binding is the binding; events that were refused matter to nobody. */
  #settle(planned: PlannedDecision[], results: WriteResult[], now: number): void {
    let at = 0;
    for (const { decision, operations } of planned) {
      const isDone = operations.length === 0 || results[at]?.ok === true;
      if (!isDone) this.#undo(decision, now);
      else if (decision.type === "bind") this.#backOff.forget(decision.pod.uid);
      at += operations.length;
    }
  }

  /** Back to what was known; what made the store refuse comes with the next changes. */
  #undo(decision: Decision, now: number): void {
    const { picture } = this.#observation;
    picture.setPod(decision.pod);
    if (decision.type === "unschedulable") for (const victim of decision.victims) picture.setPod(victim);
    this.#backOff.raced(decision.pod.uid, now);
  }

  async #textsOf(decisions: Decision[]): Promise<Map<ObjectKey, StoredObject>> {
    const keys = decisions.flatMap((decision) => (decision.type === "unschedulable" ? decision.victims.map(({ key }) => key) : []));
    if (keys.length === 0) return new Map();
    const { items } = await this.#ports.store.getMany(keys);
    return new Map(items.flatMap((stored) => (stored ? [[stored.key, stored]] : [])));
  }

  async #synchronize(): Promise<void> {
    const since = this.#revision;
    if (since === undefined) return this.#load();
    const queries: ChangesQuery[] = observed.map((resource) => ({ resource, since }));
    const answer = await this.#ports.store.changes(queries);
    // A revision that went back means that the database was restored.
    if ("expired" in answer || answer.revision < since) return this.#load();
    for (const events of answer.events) for (const event of events) observeEvent(this.#observation, event);
    this.#revision = answer.revision;
  }

  async #load(): Promise<void> {
    this.#revision = undefined;
    const observation = emptyObservation();
    let atRevision: number | undefined;
    for (const resource of observed) {
      let after: ObjectKey | undefined;
      do {
        const page = await this.#ports.store.list({
          resource, limit: pageSize, ...(after === undefined ? {} : { after }), ...(atRevision === undefined ? {} : { atRevision }),
        });
        if ("expired" in page) throw new Error("the revision expired while the scheduler read it");
        atRevision ??= page.revision;
        for (const stored of page.items) observeObject(observation, stored);
        after = page.next;
      } while (after !== undefined);
    }
    this.#observation = observation;
    this.#revision = atRevision;
  }
}

function emptyObservation(): Observation {
  return { picture: new Picture(), waiting: new Map() };
}
