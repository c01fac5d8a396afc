/**
 * Group commit: one batch is in flight, everything that arrives meanwhile goes into the next, evaluated in order
 * against the state that the last one settled. Writers are answered after their commit.
 *
 * After an error nobody knows what the database holds. The state is dropped and loaded again under a new epoch, which
 * the lost batch can no longer enter; then the history says whether it had arrived before.
 *
 *     waiting ──► drafted ──► committed ──► answered
 *        ▲           │ fenced     │ any other error
 *        │           ▼            ▼
 *        └───── not written ◄── in doubt ──► written: answered
 */
import { backOffMs, pause, withTimeout } from "./clock.ts";
import { planCommit } from "./commit-plan.ts";
import { Draft } from "./draft.ts";
import type { Loader } from "./loader.ts";
import { FencedError, type Commit, type HistoryRow, type InDoubt, type Snapshot } from "./persistence.ts";
import { outcomes, UnavailableError, type CorePorts } from "./ports.ts";
import type { State } from "./state.ts";
import type { WriteAnswer, WriteList, WriteResult } from "./store.ts";
import type { TextCache } from "./text-cache.ts";

interface Pending {
  list: WriteList;
  /** Commits even without changes: notes cursor, floor and due time. */
  isCheckpoint: boolean;
  attempts: number;
  resolve(answer: WriteAnswer): void;
  reject(error: Error): void;
}

interface Answered {
  pending: Pending;
  results: WriteResult[];
}

const timeoutMs = 15_000;
const tries = 6;
/** Two instances that both think they are the writer must not take over from each other in step. */
const rivalry = { firstMs: 5, longestMs: 500 };
/** A group stays within what D1 takes in one batch. */
const groupOperations = 1_000;
const groupCharacters = 8_000_000;

export interface CommitterOptions {
  ports: CorePorts;
  loader: Loader;
  cache: TextCache;
  historyMs: number;
  /** Watchers are few enough to be fed in the turn that answers the writers. */
  hasFewWatchers: () => boolean;
  /** Runs after the writers were answered. */
  onCommitted: (state: State, changes: HistoryRow[]) => void;
}

export class Committer {
  readonly #options: CommitterOptions;
  #waiting: Pending[] = [];
  #isRunning = false;
  #doubt: (InDoubt & { answers: Answered[] }) | undefined;
  /** Committed and answered; watchers do not have it yet. */
  #unpublished: { state: State; changes: HistoryRow[] } | undefined;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  get inDoubt(): InDoubt | undefined {
    return this.#doubt;
  }

  write(list: WriteList): Promise<WriteAnswer> {
    return this.#enqueue(list, false);
  }

  /** A commit of nothing but what meta notes. */
  async checkpoint(): Promise<void> {
    await this.#enqueue({ operations: [] }, true);
  }

  #enqueue(list: WriteList, isCheckpoint: boolean): Promise<WriteAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WriteAnswer>();
    this.#waiting.push({ list, isCheckpoint, attempts: 0, resolve, reject });
    this.#start();
    return promise;
  }

  #start(): void {
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      // Lists that arrive in the same turn belong to the first group already.
      await Promise.resolve();
      while (this.#waiting.length > 0) await this.#commitGroup();
    } finally {
      this.#isRunning = false;
    }
  }

  async #commitGroup(): Promise<void> {
    const { ports, loader } = this.#options;
    const state = await loader.ready().catch((error: unknown) => this.#refuseAll(error));
    if (state === undefined) return;
    const draft = new Draft(state, ports.policy, ports.clock.now());
    const answers = this.#takeGroup().flatMap((pending) => evaluated(draft, pending));
    const isWritten = draft.changes.length > 0 || answers.some(({ pending }) => pending.isCheckpoint);
    if (isWritten) await this.#commit(state, draft, answers);
    else if (answers.length > 0) await this.#confirm(state, answers);
  }

  #refuseAll(cause: unknown): undefined {
    const reason = new UnavailableError(`${outcomes.unreachable}; ${outcomes.notWritten}`, { cause });
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  #takeGroup(): Pending[] {
    let operations = 0;
    let characters = 0;
    const end = this.#waiting.findIndex(({ list }, position) => {
      operations += list.operations.length;
      for (const operation of list.operations) characters += operation.verb === "delete" ? 0 : operation.text.length;
      return position > 0 && (operations > groupOperations || characters > groupCharacters);
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  /** Refusals are only true of the present state: a stale instance must not tell them. */
  async #confirm(state: State, answers: Answered[]): Promise<void> {
    const { ports, loader } = this.#options;
    try {
      const meta = await withTimeout(ports.clock, timeoutMs, "reading meta", ports.persistence.meta());
      if (state.isAt(meta)) return resolveAll(answers, state.revision);
    } catch (error) {
      ports.log?.("confirming refusals", error);
    }
    loader.forget(state);
    this.#repeat(answers);
  }

  async #commit(state: State, draft: Draft, answers: Answered[]): Promise<void> {
    const { ports, historyMs } = this.#options;
    const commit = planCommit(state, draft, { now: ports.clock.now(), historyMs });
    try {
      await withTimeout(ports.clock, timeoutMs, "a commit", ports.persistence.commit(commit));
    } catch (error) {
      return this.#failed(state, { error, commit, answers });
    }
    this.#settle(state, draft, commit);
    resolveAll(answers, state.revision);
    this.#publishSoon(state, draft.changes);
  }

  /**
   * Many watchers not in this turn, which is the one that answers the writers: in a quiet isolate a timer is next, in a
   * busy one timers come a hundred milliseconds late, and the next commit is the sooner sign that the answers have left.
   */
  #publishSoon(state: State, changes: HistoryRow[]): void {
    this.#publish();
    this.#unpublished = { state, changes };
    if (this.#options.hasFewWatchers()) this.#publish();
    else this.#options.ports.clock.after(0, () => this.#publish());
  }

  #publish(): void {
    const unpublished = this.#unpublished;
    this.#unpublished = undefined;
    if (unpublished !== undefined) this.#options.onCommitted(unpublished.state, unpublished.changes);
  }

  async #failed(state: State, { error, commit, answers }: { error: unknown; commit: Commit; answers: Answered[] }): Promise<void> {
    const { ports, loader } = this.#options;
    ports.log?.("a commit failed", error);
    loader.forget(state);
    if (error instanceof FencedError) {
      await pause(ports.clock, backOffMs(ports.clock, answers[0]?.pending.attempts ?? 0, rivalry));
      this.#repeat(answers);
    } else this.#doubt = { epoch: state.epoch, from: state.revision, to: commit.revision, answers };
    await loader.ready().catch(() => undefined);
  }

  #settle(state: State, draft: Draft, commit: Commit): void {
    for (const { revision, text } of draft.changes) if (text !== undefined) this.#options.cache.put(revision, text);
    state.settle(draft, commit);
  }

  /** The history tells whether the commit in doubt is there. */
  resolveDoubt(state: State, { isInDoubtCommitted }: Snapshot): void {
    const doubt = this.#doubt;
    if (doubt === undefined) return;
    if (!isInDoubtCommitted && state.floor > doubt.from) return this.abandonDoubt(new Error("its history is compacted"));
    this.#doubt = undefined;
    if (isInDoubtCommitted) resolveAll(doubt.answers, doubt.to);
    else this.#repeat(doubt.answers);
  }

  abandonDoubt(cause: unknown): void {
    const reason = new UnavailableError(`${outcomes.unknown}: read before you repeat it`, { cause });
    for (const { pending } of this.#doubt?.answers ?? []) pending.reject(reason);
    this.#doubt = undefined;
  }

  /** Back to the front of the queue, in order: certainly not written. */
  #repeat(answers: Answered[]): void {
    const again: Pending[] = [];
    for (const { pending } of answers) {
      pending.attempts += 1;
      if (pending.attempts < tries) again.push(pending);
      else pending.reject(new UnavailableError(`other writers keep taking over; ${outcomes.notWritten}`));
    }
    this.#waiting.unshift(...again);
    if (again.length > 0) this.#start();
  }
}

/** A broken list, or one that the domain's code cannot take, is told so and harms no other. */
function evaluated(draft: Draft, pending: Pending): Answered[] {
  try {
    return [{ pending, results: draft.add(pending.list) }];
  } catch (error) {
    pending.reject(error instanceof Error ? error : new Error(String(error)));
    return [];
  }
}

function resolveAll(answers: Answered[], revision: number): void {
  for (const { pending, results } of answers) pending.resolve({ results, revision });
}
