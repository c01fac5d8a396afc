/** The kubelet's back-off: doubles from `firstMs` to `mostMs`, begins anew after twice that without a failure. */
export class Backoff {
  readonly #limits: { firstMs: number; mostMs: number };
  readonly #entries = new Map<string, { delayMs: number; atMs: number }>();

  constructor(limits: { firstMs: number; mostMs: number }) {
    this.#limits = limits;
  }

  /** A further failure at `atMs`; gives the time before which not to try again. */
  next(key: string, atMs: number): number {
    const { firstMs, mostMs } = this.#limits;
    const last = this.#entries.get(key);
    const isFresh = last === undefined || atMs - last.atMs > 2 * mostMs;
    const delayMs = isFresh ? firstMs : Math.min(last.delayMs * 2, mostMs);
    this.#entries.set(key, { delayMs, atMs });
    return atMs + delayMs;
  }

  /** 0 if nothing failed yet. */
  notBefore(key: string): number {
    const entry = this.#entries.get(key);
    return entry === undefined ? 0 : entry.atMs + entry.delayMs;
  }

  /** How long to wait after what happened at `atMs`; 0 if nothing failed yet, or so long ago that it is forgotten. */
  delayMs(key: string, atMs: number): number {
    const entry = this.#entries.get(key);
    return entry === undefined || atMs - entry.atMs > 2 * this.#limits.mostMs ? 0 : entry.delayMs;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
