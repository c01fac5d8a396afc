/** The live object with a configuration applied: what it states replaces, what it does not state stays. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { getOwn, setOwn } from "../patch/json.ts";
import { elementOf, itemsByElement, type ItemsShape } from "./items.ts";
import { isItems } from "./paths.ts";
import { childShape, noShape, type Shape } from "./shape.ts";

/** Neither argument is changed; the result shares parts with both. Undefined: nothing is left. */
export function merge(shape: Shape, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || shape.kind === "leaf") return config;
  if (isRecord(live) && (isRecord(config) || config === null)) return mergeFields(shape, live, config);
  if (isItems(shape) && Array.isArray(live) && (Array.isArray(config) || config === null)) return mergeItems(shape, live, config);
  return config;
}

function mergeFields(shape: Shape, live: Record<string, unknown>, config: Record<string, unknown> | null): unknown {
  if (isEmptyRecord(live) && (config === null || isEmptyRecord(config))) return config;
  const result: Record<string, unknown> = { ...live };
  for (const name of Object.keys(config ?? {})) {
    const value = merge(childShape(shape, name) ?? noShape, getOwn(live, name), config?.[name]);
    if (value === undefined) delete result[name];
    else setOwn(result, name, value);
  }
  return isEmptyRecord(result) ? undefined : result;
}

function isEmptyRecord(value: Record<string, unknown>): boolean {
  return Object.keys(value).length === 0;
}

function mergeItems(shape: ItemsShape, live: readonly unknown[], config: readonly unknown[] | null): unknown {
  if (live.length === 0 && (config === null || config.length === 0)) return config;
  const merged = new ItemsMerge(shape, live, config ?? []).run();
  return merged.length === 0 ? undefined : merged;
}

/**
 * The configuration's order, and between its items those that only the live list has, where they stood: two
 * cursors, as upstream walks both lists.
 */
class ItemsMerge {
  readonly #shape: ItemsShape;
  readonly #live: readonly unknown[];
  readonly #liveElements: string[];
  readonly #elements: string[];
  readonly #liveItems: Map<string, unknown[]>;
  readonly #items: Map<string, unknown[]>;
  /** Elements of both lists, in the configuration's order, that are not merged yet. */
  readonly #shared: string[];
  readonly #out: unknown[] = [];

  constructor(shape: ItemsShape, live: readonly unknown[], config: readonly unknown[]) {
    this.#shape = shape;
    this.#live = live.filter((item) => elementOf(shape, item) !== undefined);
    this.#liveElements = this.#live.map((item) => elementOf(shape, item) ?? "");
    this.#liveItems = itemsByElement(shape, live);
    this.#items = itemsByElement(shape, config);
    this.#elements = [...this.#items.keys()];
    this.#shared = this.#elements.filter((element) => this.#liveItems.has(element)).reverse();
  }

  run(): unknown[] {
    let [at, liveAt] = [0, 0];
    while (at < this.#elements.length || liveAt < this.#liveElements.length) {
      const [element, liveElement] = [this.#elements[at], this.#liveElements[liveAt]];
      if (liveElement !== undefined && !this.#items.has(liveElement)) {
        this.#out.push(this.#live[liveAt++]);
      } else if (liveElement !== undefined && element !== undefined && liveElement !== element && this.#shared.at(-1) !== liveElement) {
        // Shared, but its turn in the configuration's order is later (or was before).
        liveAt += 1;
      } else if (element !== undefined) {
        this.#take(element);
        if (liveElement === element) liveAt += 1;
        at += 1;
      } else {
        liveAt += 1;
      }
    }
    return this.#out;
  }

  #take(element: string): void {
    if (this.#shared.at(-1) === element) this.#shared.pop();
    const [live, config] = [this.#liveItems.get(element), this.#items.get(element)];
    // Duplicates in the live list give way to the one that is applied.
    const before = live?.length === 1 ? live[0] : undefined;
    this.#out.push(this.#shape.kind === "list" ? merge(this.#shape.item(), before, config?.[0]) : config?.[0]);
  }
}
