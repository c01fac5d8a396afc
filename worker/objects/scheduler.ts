/** The scheduler's Durable Object, `"scheduler"`. */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";

export class Scheduler extends DurableObject<Env> {
  async wake(_revision: number): Promise<void> {
    throw new Error("not built yet");
  }
}
