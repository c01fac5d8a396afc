/** Remembers what was found out about tokens, until they are over; bounded, the oldest go first. */
export class TokenCache<Value> {
  readonly #limit: number;
  readonly #entries = new Map<string, { value: Value; expiresAt: number }>();

  constructor(limit = 1_000) {
    this.#limit = limit;
  }

  get(token: string, now: number): Value | undefined {
    const entry = this.#entries.get(token);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > now) return entry.value;
    this.#entries.delete(token);
    return undefined;
  }

  set(token: string, value: Value, expiresAt: number): void {
    this.#entries.delete(token);
    this.#entries.set(token, { value, expiresAt });
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  clear(): void {
    this.#entries.clear();
  }
}
