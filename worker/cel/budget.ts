/**
 * How much one evaluation, or several together, may cost: a unit for each step, and a tenth of one for each character or
 * item that a step yields, which is close to what cel-go counts.
 */
export class Budget {
  #left: number;

  constructor(units: number) {
    this.#left = units;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  get left(): number {
    return this.#left;
  }

  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new OverBudget();
  }
}

export class OverBudget extends Error {
  override readonly name = "OverBudget";

  constructor() {
    super("operation cancelled: actual cost limit exceeded");
  }
}

/** kube-apiserver's: of one rule, and of all rules of one validation of one object. */
export const perCallLimit = 1_000_000;
export const perObjectLimit = 10_000_000;
