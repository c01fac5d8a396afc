/** Counters, gauges and histograms in Prometheus' text format. They count what this isolate saw; nothing is stored. */

interface About {
  name: string;
  help: string;
  labels: string[];
}

/** What clients can name (paths, verbs) never fills memory: beyond this, new series are not counted. */
const mostSeries = 4_000;
const separator = "\0";

abstract class Family<T> {
  protected readonly about: About;
  protected readonly series = new Map<string, T>();

  constructor(about: About) {
    this.about = about;
  }

  protected of(values: string[], fresh: () => T): T | undefined {
    const key = values.join(separator);
    const known = this.series.get(key);
    if (known !== undefined || this.series.size >= mostSeries) return known;
    const made = fresh();
    this.series.set(key, made);
    return made;
  }

  protected head(type: string): string {
    return headOf({ ...this.about, type });
  }

  protected line(suffix: string, key: string, value: number, extra = ""): string {
    const values = key.split(separator);
    const labels = [...this.about.labels.map((label, at) => `${label}="${escaped(values[at] ?? "")}"`), ...(extra === "" ? [] : [extra])];
    return `${this.about.name}${suffix}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${value}\n`;
  }
}

export class Counter extends Family<{ value: number }> {
  add(values: string[], amount = 1): void {
    const one = this.of(values, () => ({ value: 0 }));
    if (one !== undefined) one.value += amount;
  }

  text(): string {
    return this.head("counter") + [...this.series].map(([key, { value }]) => this.line("", key, value)).join("");
  }
}

export class Gauge extends Family<{ value: number }> {
  add(values: string[], amount: number): void {
    const one = this.of(values, () => ({ value: 0 }));
    if (one !== undefined) one.value += amount;
  }

  set(values: string[], value: number): void {
    const one = this.of(values, () => ({ value }));
    if (one !== undefined) one.value = value;
  }

  text(): string {
    return this.head("gauge") + [...this.series].map(([key, { value }]) => this.line("", key, value)).join("");
  }
}

interface Observed {
  /** Of each bucket alone; the text adds them up. */
  counts: number[];
  sum: number;
}

export class Histogram extends Family<Observed> {
  readonly #bounds: number[];

  constructor(about: About, bounds: number[]) {
    super(about);
    this.#bounds = bounds;
  }

  observe(values: string[], amount: number): void {
    const one = this.of(values, () => ({ counts: Array.from({ length: this.#bounds.length + 1 }, () => 0), sum: 0 }));
    if (one === undefined) return;
    const found = this.#bounds.findIndex((bound) => amount <= bound);
    const at = found < 0 ? this.#bounds.length : found;
    one.counts[at] = (one.counts[at] ?? 0) + 1;
    one.sum += amount;
  }

  text(): string {
    const lines = [...this.series].map(([key, { counts, sum }]) => {
      let count = 0;
      const buckets = counts.map((own, at) => {
        count += own;
        return this.line("_bucket", key, count, `le="${this.#bounds[at] ?? "+Inf"}"`);
      });
      return buckets.join("") + this.line("_sum", key, Number(sum.toFixed(6))) + this.line("_count", key, count);
    });
    return this.head("histogram") + lines.join("");
  }
}

export function headOf({ name, help, type }: { name: string; help: string; type: string }): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

export function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
