/** The scheduler's Durable Object, `"scheduler"`: coalesces wakes, one run at a time, its alarm for back-off. */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { requestContext } from "../registry/context.ts";
import { SchedulerEngine } from "../scheduler/engine.ts";
import { planner, storeOf } from "./ports.ts";
import { settingsCache } from "../settings/settings-cache.ts";

const user = { name: "system:kube-scheduler", groups: ["system:masters"] };
const firstRetryMs = 500;
const maxRetryMs = 30_000;

export class Scheduler extends DurableObject<Env> {
  readonly #engine: SchedulerEngine;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failures = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#engine = new SchedulerEngine({
      store: storeOf(env),
      planner,
      newContext: () => requestContext(env, user, settingsCache.latest()),
      report: (message, error) => console.error(`scheduler: ${message}`, error),
    });
  }

  /**
   * Something changed. Resolves when a run that began after this call is over, or its alarm is set: wakes that come
   * while one runs share the next.
   */
  async wake(_revision: number): Promise<void> {
    if (!this.#running) return this.#start();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  override async alarm(): Promise<void> {
    await this.wake(0);
  }

  #start(): Promise<void> {
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      const nextDue = await this.#engine.run();
      this.#failures = 0;
      if (nextDue !== undefined) await this.ctx.storage.setAlarm(nextDue);
    } catch (error) {
      console.error("scheduler: run failed, will try again", error);
      this.#failures += 1;
      const wait = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures);
      await this.ctx.storage.setAlarm(Date.now() + wait * (0.5 + Math.random() / 2));
    }
  }
}
