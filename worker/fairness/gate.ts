/**
 * The seats of one isolate. Plain data and no promise: a request that waits asks again, because nothing may be resolved
 * from one request into another, and a client that went away takes its request with it, without a last word.
 *
 *     enter ─► a seat is free ──────────────────────────► seated ─► leave
 *          ├─► its queue is full, or the level has none ► refused    │
 *          └─► waiting ─────────────── a seat is given ──► seated ◄──┘ fairly, queue after queue
 */
import type { Level } from "./levels.ts";

export interface Ticket {
  readonly level: Level;
  isSeated: boolean;
  /** When it was last heard of: what stays silent for too long is gone. */
  heardAt: number;
}

/** Longer than any request lasts. */
const seatMs = 75_000;
/** Many times as long as a waiting request takes to ask again. */
const waitingMs = 2_000;
/** Looking for what is gone costs time for each that waits. */
const sweepEveryMs = 500;

interface Seats {
  level: Level;
  seated: Set<Ticket>;
  /** By number, only those that somebody waits in. */
  queues: Map<number, Ticket[]>;
  waiting: number;
}

export class Gate {
  readonly #total: number;
  readonly #seats = new Map<string, Seats>();
  #sweptAt = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** The levels there are: what each keeps for itself is kept before its first request comes. */
  configure(levels: Iterable<Level>): void {
    const names = new Set<string>();
    for (const level of levels) {
      names.add(level.name);
      if (!level.isExempt) this.#seatsOf(level).level = level;
    }
    for (const [name, { seated, waiting }] of this.#seats) if (!names.has(name) && seated.size + waiting === 0) this.#seats.delete(name);
  }

  /** A ticket that is seated or waits; undefined: refused. */
  enter(level: Level, flow: string, now: number): Ticket | undefined {
    const seats = this.#seatsOf(level);
    const ticket: Ticket = { level, isSeated: true, heardAt: now };
    if (seats.waiting === 0 && this.#hasSeat(seats)) {
      seats.seated.add(ticket);
      return ticket;
    }
    this.#sweep(now);
    this.#give();
    if (seats.waiting === 0 && this.#hasSeat(seats)) {
      seats.seated.add(ticket);
      return ticket;
    }
    return this.#wait(seats, flow, ticket);
  }

  /** Of who waits: true when it has a seat by now. */
  ask(ticket: Ticket, now: number): boolean {
    ticket.heardAt = now;
    if (!ticket.isSeated) {
      this.#sweep(now);
      this.#give();
    }
    return ticket.isSeated;
  }

  /** Seated or waiting; safe to call twice. */
  leave(ticket: Ticket): void {
    const seats = this.#seatsOf(ticket.level);
    if (!seats.seated.delete(ticket)) this.#removeWaiting(seats, (one) => one === ticket);
    this.#give();
  }

  /** For metrics: name → who is seated, who waits. */
  counts(): Map<string, { executing: number; waiting: number }> {
    return new Map([...this.#seats].map(([name, { seated, waiting }]) => [name, { executing: seated.size, waiting }]));
  }

  #seatsOf(level: Level): Seats {
    const known = this.#seats.get(level.name);
    if (known !== undefined) return known;
    const seats: Seats = { level, seated: new Set(), queues: new Map(), waiting: 0 };
    this.#seats.set(level.name, seats);
    return seats;
  }

  /** Its own seats are there at any time; beyond them it may have what the others neither use nor keep for themselves. */
  #hasSeat({ level, seated }: Seats): boolean {
    if (seated.size < level.minimum) return true;
    if (seated.size >= level.maximum) return false;
    let taken = seated.size;
    for (const other of this.#seats.values()) if (other.level.name !== level.name) taken += Math.max(other.seated.size, other.level.minimum);
    return taken < this.#total;
  }

  /** Shuffle sharding: of a few queues that the flow's name picks, the shortest. A flood fills its own and not others'. */
  #wait(seats: Seats, flow: string, ticket: Ticket): Ticket | undefined {
    const { queuing } = seats.level;
    if (queuing === undefined) return undefined;
    let best = 0;
    let shortest = Infinity;
    for (let card = 0; card < queuing.handSize; card += 1) {
      const number = hashOf(flow, card) % queuing.queues;
      const length = seats.queues.get(number)?.length ?? 0;
      if (length < shortest) [best, shortest] = [number, length];
    }
    if (shortest >= queuing.lengthLimit) return undefined;
    ticket.isSeated = false;
    const queue = seats.queues.get(best);
    if (queue === undefined) seats.queues.set(best, [ticket]);
    else queue.push(ticket);
    seats.waiting += 1;
    return ticket;
  }

  /** Gives free seats to who waits: one of each queue in turn. */
  #give(): void {
    for (const seats of this.#seats.values()) {
      while (seats.waiting > 0 && this.#hasSeat(seats)) {
        const [turn] = seats.queues;
        if (turn === undefined) break;
        const [number, queue] = turn;
        const ticket = queue.shift();
        // The queue goes to the end of the row, or away.
        seats.queues.delete(number);
        if (queue.length > 0) seats.queues.set(number, queue);
        if (ticket === undefined) continue;
        seats.waiting -= 1;
        ticket.isSeated = true;
        seats.seated.add(ticket);
      }
    }
  }

  #sweep(now: number): void {
    if (now < this.#sweptAt + sweepEveryMs) return;
    this.#sweptAt = now;
    for (const seats of this.#seats.values()) {
      for (const ticket of seats.seated) {
        if (ticket.heardAt >= now - seatMs) break;
        seats.seated.delete(ticket);
      }
      if (seats.waiting > 0) this.#removeWaiting(seats, ({ heardAt }) => heardAt < now - waitingMs);
    }
  }

  #removeWaiting(seats: Seats, isGone: (ticket: Ticket) => boolean): void {
    for (const [number, queue] of seats.queues) {
      const left = queue.filter((ticket) => !isGone(ticket));
      seats.waiting -= queue.length - left.length;
      if (left.length > 0) seats.queues.set(number, left);
      else seats.queues.delete(number);
    }
  }
}

/** FNV-1a. */
function hashOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1);
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
