/** When each guard scope last changed. What is not remembered counts as changed at `since`: refusing is safe. */
export class Scopes {
  readonly #revisions = new Map<string, number>();
  readonly #limit: number;
  #since: number;

  constructor(since: number, limit: number = 50_000) {
    this.#since = since;
    this.#limit = limit;
  }

  revision(scope: string): number {
    return this.#revisions.get(scope) ?? this.#since;
  }

  bump(scope: string, revision: number): void {
    this.#revisions.delete(scope);
    this.#revisions.set(scope, revision);
    if (this.#revisions.size <= this.#limit) return;
    for (const [oldest, changed] of this.#revisions) {
      this.#revisions.delete(oldest);
      this.#since = Math.max(this.#since, changed);
      break;
    }
  }
}
