/**
 * Who is alive. The hub's memory of each node: when it was last heard from, which session of its agent is the
 * newest, and up to which revision there is news for it. Pure: time comes in as a parameter, storage is a port.
 *
 *      heard()                    expire() after 50 s of silence
 *     ┌───────┐   ┌───────────────────────────────────────────┐
 *     └─► alive ──┘                                           ▼
 *           ▲                heard(): "returned"             lost ──► recheck after another grace period,
 *           └─────────────────────────────────────────────────┘      when it was everybody's silence
 */
import { nodeLostSeconds, pollSeconds } from "../../protocol/agent.ts";

export interface NodeLease {
  name: string;
  lastSeenAt: number;
  /** Highest session number of the node's agent; 0 for a node that is kept through the API alone. */
  session: number;
  /** Highest revision of a change that concerns this node. */
  news: number;
  isLost: boolean;
  /** A lost node whose lifecycle is to be looked at again at this time; 0: none. */
  recheckAt: number;
  /** What a node kept through the API alone last showed as its heartbeat (Lease renewal, condition's heartbeat). */
  probe: string;
  /** When the node last read the store, so that a restored database is noticed even without news. */
  verifiedAt: number;
  /** Its grace was extended since it was last heard from, as we had just started ourselves. Once is enough. */
  isExtended: boolean;
  /** The node was given up, or its object deleted: its agent is to report everything anew. */
  mustReport: boolean;
  /** When the agent was last told so. */
  toldAt: number;
}

/** The hub's own storage; synchronous, as a Durable Object's SQLite is. */
export interface LeaseStorage {
  get(name: string): NodeLease | undefined;
  put(lease: NodeLease): void;
  delete(name: string): void;
  all(): NodeLease[];
}

export type Heard = "stale" | "alive" | "returned";

export interface Expiry {
  lost: string[];
  recheck: string[];
}

const graceMs = nodeLostSeconds * 1000;
/** A live node polls every 30 s: longer silence of *every* node points at ourselves. */
const everybodySilentMs = (pollSeconds + 10) * 1000;
/** An alarm that fires this late was ours to miss: the nodes had nobody to talk to. */
const lateMs = 10_000;
const tellAgainMs = 5_000;

export class Leases {
  readonly #storage: LeaseStorage;

  constructor(storage: LeaseStorage) {
    this.#storage = storage;
  }

  get(name: string): NodeLease | undefined {
    return this.#storage.get(name);
  }

  /** Notes a sign of life. An agent's older session is told so: it was cloned or restarted elsewhere. */
  heard(name: string, session: number, now: number): Heard {
    const lease = this.#storage.get(name) ?? blankLease(name, now);
    if (session < lease.session) return "stale";
    const wasLost = lease.isLost;
    if (wasLost && this.#isEverybodyLost()) this.#graceForOthers(name, now);
    const mustReport = lease.mustReport || wasLost;
    this.#storage.put({ ...lease, session, lastSeenAt: now, isLost: false, recheckAt: 0, isExtended: false, mustReport });
    return wasLost ? "returned" : "alive";
  }

  /** A node that only uses the API: a heartbeat is whatever changed since the last look. */
  probed(name: string, probe: string, now: number): Heard {
    const lease = this.#storage.get(name);
    if (lease?.probe === probe) return lease.isLost ? "stale" : "alive";
    const heard = this.heard(name, lease?.session ?? 0, now);
    const after = this.#storage.get(name);
    if (after) this.#storage.put({ ...after, probe });
    return heard;
  }

  /** Whether the agent has to be told to report everything; said again every few seconds until it did. */
  tellToReport(name: string, now: number): boolean {
    const lease = this.#storage.get(name);
    if (!lease?.mustReport || now - lease.toldAt < tellAgainMs) return false;
    this.#storage.put({ ...lease, toldAt: now });
    return true;
  }

  /** The agent reported its node. */
  reported(name: string): void {
    const lease = this.#storage.get(name);
    if (lease?.mustReport) this.#storage.put({ ...lease, mustReport: false, toldAt: 0 });
  }

  /** The control plane lost the node's object: its agent is to report everything, as one that was given up. */
  requireReport(name: string): void {
    const lease = this.#storage.get(name);
    if (lease) this.#storage.put({ ...lease, mustReport: true, toldAt: 0 });
  }

  forget(name: string): void {
    this.#storage.delete(name);
  }

  isAlive(name: string, now: number): boolean {
    const lease = this.#storage.get(name);
    return lease !== undefined && !lease.isLost && now - lease.lastSeenAt < graceMs;
  }

  /** When `expire` has to be called next; undefined: nothing to wait for. */
  nextExpiry(): number | undefined {
    const times = this.#storage.all().flatMap((lease) => {
      if (!lease.isLost) return [lease.lastSeenAt + graceMs];
      return lease.recheckAt > 0 ? [lease.recheckAt] : [];
    });
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * Declares nodes lost. `dueAt` is when this call was planned for: a call that comes late means that the control
   * plane itself was away, and everybody starts over. While all are silent nobody is singled out: the newest
   * silence decides for all of them at once, and whoever evicts sees that no node is left.
   */
  expire(dueAt: number, now: number): Expiry {
    const leases = this.#storage.all();
    if (now - dueAt > lateMs) {
      this.grantGrace(now);
      return { lost: [], recheck: [] };
    }
    const alive = leases.filter((lease) => !lease.isLost);
    const newest = Math.max(0, ...alive.map((lease) => lease.lastSeenAt));
    const isEverybodySilent = now - newest > everybodySilentMs;
    const limit = isEverybodySilent ? newest + graceMs : now;
    const lost = limit > now ? [] : alive.filter((lease) => lease.lastSeenAt + graceMs <= now);
    for (const lease of lost) this.#storage.put({ ...lease, isLost: true });
    const recheck = leases.filter((lease) => lease.isLost && lease.recheckAt > 0 && lease.recheckAt <= now);
    for (const lease of recheck) this.#storage.put({ ...lease, recheckAt: 0 });
    return { lost: lost.map((lease) => lease.name), recheck: recheck.map((lease) => lease.name) };
  }

  /**
   * We have just started: the nodes may have had nobody to talk to. Each silence is forgiven once, so that a
   * platform that restarts us often does not keep dead nodes alive.
   */
  grantGraceOnce(now: number): void {
    for (const lease of this.#storage.all()) {
      if (!lease.isLost && !lease.isExtended) this.#storage.put({ ...lease, lastSeenAt: now, isExtended: true });
    }
  }

  /** Every node gets its full grace period from now on. */
  grantGrace(now: number): void {
    for (const lease of this.#storage.all()) {
      if (!lease.isLost) this.#storage.put({ ...lease, lastSeenAt: now });
      else if (lease.recheckAt > 0) this.#storage.put({ ...lease, recheckAt: now + graceMs });
    }
  }

  /** A change that concerns the node; kept, so that a poll without news needs no look into the store. */
  noteNews(name: string, revision: number): void {
    const lease = this.#storage.get(name);
    if (!lease) return;
    if (revision > lease.news) this.#storage.put({ ...lease, news: revision });
    else if (revision < lease.news) this.#storage.put({ ...lease, verifiedAt: 0 });
  }

  noteVerified(name: string, now: number): void {
    const lease = this.#storage.get(name);
    if (lease) this.#storage.put({ ...lease, verifiedAt: now });
  }

  #isEverybodyLost(): boolean {
    const leases = this.#storage.all();
    return leases.length > 0 && leases.every((lease) => lease.isLost);
  }

  #graceForOthers(name: string, now: number): void {
    for (const lease of this.#storage.all()) {
      if (lease.name !== name) this.#storage.put({ ...lease, recheckAt: now + graceMs });
    }
  }
}

function blankLease(name: string, now: number): NodeLease {
  return {
    name, lastSeenAt: now, session: 0, news: 0, isLost: false, recheckAt: 0, probe: "", verifiedAt: 0,
    isExtended: false, mustReport: false, toldAt: 0,
  };
}
