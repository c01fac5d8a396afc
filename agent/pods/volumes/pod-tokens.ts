/**
 * The tokens of pods' projected volumes: asked for, bound to the pod, and renewed at four fifths of their life or after
 * a day, as a kubelet does. Kept in memory only.
 */
import type { ServiceAccountTokenProjection } from "../../../protocol/kubernetes/generated/types.ts";
import type { Clock } from "../../clock.ts";
import type { StoredPod } from "../observed.ts";
import { VolumeError } from "./projection.ts";

export interface Token {
  token: string;
  expiresAtMs: number;
}

export interface PodTokenPorts {
  clock: Clock;
  /** Throws a `RefusedToken` for a refusal, another Error where the control plane was not reached. */
  request(pod: StoredPod, wanted: { audiences: string[]; expirationSeconds: number }): Promise<Token>;
}

/** The control plane does not give this token; its words. */
export class RefusedToken extends Error {
  override readonly name = "RefusedToken";
}

interface Held extends Token {
  renewAtMs: number;
}

const dayMs = 24 * 3600 * 1000;
const longestJitterMs = 10_000;
/** A control plane that was not reached is left alone for so long: a host that boots without it has many pods to start. */
const restMs = 10_000;
/** A token that could not be had, or be renewed, is asked for again. */
const retryMs = 15_000;

export class PodTokens {
  readonly #ports: PodTokenPorts;
  /** By pod uid, then by what was asked for. */
  readonly #held = new Map<string, Map<string, Held>>();
  #restUntilMs = 0;

  constructor(ports: PodTokenPorts) {
    this.#ports = ports;
  }

  /**
   * Undefined: the control plane cannot be reached. A pod starts without its token then: a host that lost its link runs
   * its pods all the same, and nobody is there to show the token to.
   */
  async token(pod: StoredPod, { audience, expirationSeconds = 3600 }: ServiceAccountTokenProjection): Promise<string | undefined> {
    const { clock } = this.#ports;
    const wanted = { audiences: audience === undefined ? [] : [audience], expirationSeconds };
    const id = JSON.stringify(wanted);
    const tokens = this.#tokensOf(pod);
    const known = tokens.get(id);
    if (known !== undefined && clock.now() < known.renewAtMs) return known.token || undefined;
    const next = await this.#ask(pod, wanted, known);
    tokens.set(id, next);
    return next.token || undefined;
  }

  /** When a token of the pod is to be renewed; undefined: it has none. */
  renewalMs(uid: string): number | undefined {
    const times = [...(this.#held.get(uid)?.values() ?? [])].map(({ renewAtMs }) => renewAtMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  forget(uid: string): void {
    this.#held.delete(uid);
  }

  #tokensOf({ metadata: { uid } }: StoredPod): Map<string, Held> {
    const known = this.#held.get(uid) ?? new Map<string, Held>();
    this.#held.set(uid, known);
    return known;
  }

  async #ask(pod: StoredPod, wanted: { audiences: string[]; expirationSeconds: number }, known: Held | undefined): Promise<Held> {
    const { clock, request } = this.#ports;
    const good = known !== undefined && known.expiresAtMs > clock.now() ? known : { token: "", expiresAtMs: 0 };
    const later = { ...good, renewAtMs: clock.now() + retryMs };
    if (clock.now() < this.#restUntilMs) return later;
    try {
      const { token, expiresAtMs } = await request(pod, wanted);
      return { token, expiresAtMs, renewAtMs: renewalOf(clock.now(), expiresAtMs) };
    } catch (error) {
      if (error instanceof RefusedToken) {
        if (good.token !== "") return later;
        throw new VolumeError(`failed to fetch token: ${error.message}`);
      }
      this.#restUntilMs = clock.now() + restMs;
      return later;
    }
  }
}

function renewalOf(nowMs: number, expiresAtMs: number): number {
  const lifeMs = expiresAtMs - nowMs;
  return nowMs + Math.min(lifeMs * 0.8, dayMs) - Math.random() * Math.min(longestJitterMs, lifeMs / 10);
}
