/** The long poll: asks, applies, asks again at once; backs off with jitter while the control plane is not there. */
import { pollSeconds, type PollRequest, type PollResponse } from "../../protocol/agent.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../pods/dependencies.ts";
import { ApiError } from "./api.ts";

export interface PollerOptions {
  clock: Clock;
  session: number;
  send(request: PollRequest, options: { timeoutMs: number; signal: AbortSignal }): Promise<PollResponse>;
  /** Where to go on from; gives the revision and epoch that are known then. */
  apply(answer: PollResponse): Promise<void>;
  position(): { since: number; epoch: number };
  /** The control plane does not know this agent (any more): its key was revoked, or the cluster is another one. */
  onUnauthorized(error: ApiError): Promise<void>;
  /** Another agent with this key has begun later: this one must let go. */
  onSuperseded(): void;
  log: Log;
}

/** Below the time after which a node counts as lost. */
const backoffMs = { first: 200, most: 8000 };
/** Beyond the time that the control plane holds a poll. */
const slackMs = 15_000;

export class Poller {
  readonly #options: PollerOptions;
  #failures = 0;
  #isFirst = true;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.once({ wait: !this.#isFirst, signal });
        if (this.#failures > 0) this.#options.log.info({}, "the control plane is back");
        this.#failures = 0;
        this.#isFirst = false;
      } catch (error) {
        if (signal.aborted) return;
        if (isSuperseded(error)) return this.#options.onSuperseded();
        await this.#failed(error, signal);
      }
    }
  }

  /** One poll, applied. */
  async once({ wait, signal }: { wait: boolean; signal: AbortSignal }): Promise<void> {
    const { session, send, position, apply } = this.#options;
    const answer = await send({ ...position(), session, wait }, { timeoutMs: pollSeconds * 1000 + slackMs, signal });
    await apply(answer);
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { onUnauthorized, log, clock } = this.#options;
    this.#failures += 1;
    const delayMs = Math.min(backoffMs.most, backoffMs.first * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
    // Said once, then now and then: a control plane that is away for a day must not fill a disk.
    if (this.#failures === 1 || this.#failures % 50 === 0) {
      log.warn({ error: error instanceof Error ? error.message : String(error), failures: this.#failures }, "the control plane does not answer; pods go on");
    }
    if (error instanceof ApiError && (error.code === 401 || error.code === 403)) await onUnauthorized(error);
    await new Promise<void>((resolve) => {
      const cancel = clock.after(delayMs, resolve);
      signal.addEventListener("abort", () => {
        cancel();
        resolve();
      }, { once: true });
    });
  }
}

function isSuperseded(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409;
}
