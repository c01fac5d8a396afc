/**
 * Serialises the reconciliation of one workload, whose key is the object's name.
 *
 *     wake ──► look (read, compute, write) ──► done: answered; alarm for requeueAfterMs, if asked
 *                 ▲            │ stale: at once, with jitter, a few times
 *                 │            ▼ refused or failed: alarm with back-off, then answered
 *              alarm ◄─────────┘
 *
 * Nothing is stored on the plain path: the alarm, the key it is for and the number of failures are all there is.
 */
import { DurableObject } from "cloudflare:workers";
import { reconcilerFor } from "../controllers/registry.ts";
import type { Env } from "../env.ts";
import { credentialsOf } from "../identity/credentials.ts";
import { makeSigningKey } from "../identity/service-account-keys.ts";
import type { SigningKey } from "../identity/signing-keys.ts";
import { requestContext } from "../registry/context.ts";
import { Coalescer } from "./reconcile/coalescer.ts";
import { reconcileKey, type Outcome } from "./reconcile/reconcile-key.ts";
import { planner, storeOf } from "./ports.ts";
import { objectMemory } from "../settings/object-memory.ts";
import { settingsCache } from "../settings/settings-cache.ts";

const mostStaleLooks = 6;
/**
 * A look at a large workload costs time that everyone in the isolate shares, and its pods change one by one: it rests
 * for a tenth of a millisecond per object that it read, so that what changes meanwhile is one look, too.
 */
const fewObjects = 200;
const longestRestMs = 500;
const firstBackOffMs = 500;
const longestBackOffMs = 5 * 60_000;

/** Of a key that no controller answers for. */
const nothing: Outcome = { isStale: false, refusals: [], objectCount: 0, record: () => Promise.resolve() };

export class Workload extends DurableObject<Env> {
  readonly #looks = new Coalescer(() => this.#look());
  /** Undefined until asked for; null when none is set. */
  #alarmAt: number | null | undefined;
  #refusals: readonly string[] = [];
  #restUntil = 0;
  /** The alarm fired, and no look has taken note of it. */
  #isDue = false;
  #key = this.ctx.id.name;

  /** Never rejects for a key that fails: it then has an alarm. */
  async wake(_revision: number): Promise<void> {
    await this.#looks.request();
  }

  /** Asked of one object of this class that is nobody's workload: only an object has the CPU time for it. */
  async makeSigningKey(): Promise<SigningKey> {
    return await makeSigningKey();
  }

  /** The platform retries a failed alarm only six times, so this one never fails. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    this.#isDue = true;
    await this.#looks.request();
  }

  async #look(): Promise<void> {
    try {
      await this.#rest();
      const { refusals, requeueAfterMs, record, objectCount } = await this.#reconcile();
      this.#refusals = refusals;
      if (objectCount > fewObjects) this.#restUntil = Date.now() + Math.min(longestRestMs, objectCount / 10);
      this.ctx.waitUntil(record().catch((error: unknown) => this.#warn("events were lost", error)));
      if (refusals.length > 0) await this.#backOff(refusals.join("; "));
      else await this.#settle(requeueAfterMs);
    } catch (error) {
      await this.#backOff(error);
    }
  }

  async #reconcile(): Promise<Outcome> {
    const key = await this.#ownKey();
    const reconciler = reconcilerFor(key);
    if (reconciler === undefined) return nothing;
    const store = storeOf(this.env);
    const user = { name: `system:controller:${reconciler.name}`, groups: ["system:masters"] };
    const surroundings = {
      store,
      planner,
      context: async () => requestContext(this.env, user, await settingsCache.current(store)),
      verified: () => settingsCache.verified(store),
      memory: objectMemory,
      webhooksAllowed: this.env.WEBHOOK_ALLOW_PRIVATE ?? "",
      credentials: credentialsOf(this.env, store),
      isRequeued: await this.#isRequeued(),
      seed: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
    };
    for (let look = 1; ; look += 1) {
      const outcome = await reconcileKey(reconciler, key, this.#refusals, surroundings);
      if (!outcome.isStale) return outcome;
      if (look === mostStaleLooks) throw new Error(`${key}: stale ${look} times`);
      await new Promise((resolve) => setTimeout(resolve, 2 ** look * (0.5 + Math.random())));
    }
  }

  /** An alarm after a failure is a retry, and not what a look asked for. */
  async #isRequeued(): Promise<boolean> {
    const isDue = this.#isDue;
    this.#isDue = false;
    return isDue && (await this.#failures()) === 0;
  }

  async #rest(): Promise<void> {
    const milliseconds = this.#restUntil - Date.now();
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  /** An alarm does not bring the object's name along, so it is stored with the alarm. */
  async #ownKey(): Promise<string> {
    this.#key ??= await this.ctx.storage.get<string>("key");
    if (this.#key === undefined) throw new Error("woken without a key");
    return this.#key;
  }

  /** An earlier alarm stays: the look that it causes asks for the later one again. */
  async #settle(requeueAfterMs: number | undefined): Promise<void> {
    if (requeueAfterMs === undefined) return this.#forget();
    if ((await this.#failures()) > 0) await this.ctx.storage.delete("failures");
    const at = Date.now() + Math.max(1, requeueAfterMs);
    const set = await this.#alarm();
    if (set === null || set > at) await this.#setAlarm(at);
  }

  async #backOff(reason: unknown): Promise<void> {
    const failures = (await this.#failures()) + 1;
    await this.ctx.storage.put("failures", failures);
    const ceiling = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (failures - 1));
    await this.#setAlarm(Date.now() + ceiling * (0.5 + Math.random() / 2));
    this.#warn(`reconcile failed ${failures} times in a row`, reason);
  }

  #warn(message: string, reason: unknown): void {
    console.warn(JSON.stringify({ level: "warn", message, key: this.#key, reason: reason instanceof Error ? reason.message : String(reason) }));
  }

  /** Nothing is left to wait for: an object without storage costs nothing. */
  async #forget(): Promise<void> {
    if ((await this.#alarm()) === null && (await this.#failures()) === 0) return;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#alarmAt = null;
  }

  async #alarm(): Promise<number | null> {
    if (this.#alarmAt === undefined) this.#alarmAt = await this.ctx.storage.getAlarm();
    return this.#alarmAt;
  }

  async #setAlarm(at: number): Promise<void> {
    if ((await this.ctx.storage.get("key")) === undefined) await this.ctx.storage.put("key", await this.#ownKey());
    await this.ctx.storage.setAlarm(at);
    this.#alarmAt = at;
  }

  async #failures(): Promise<number> {
    return (await this.ctx.storage.get<number>("failures")) ?? 0;
  }
}
