/**
 * Texts by revision (a revision's text never changes), the longest unused first to go. A list reads without a trace
 * (`peek`) and leaves only what fits (`fill`): page after page of one that is larger than all of this would push out
 * just what the next list begins with, and no list would find anything.
 */
import type { ObjectText } from "./store.ts";

/** Of an entry, beside its characters: strings of JSON are mostly held with one byte a character. */
const overheadBytes = 100;

export class TextCache {
  readonly #texts = new Map<number, ObjectText>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(revision: number): ObjectText | undefined {
    const text = this.#texts.get(revision);
    if (text === undefined) return undefined;
    this.#texts.delete(revision);
    this.#texts.set(revision, text);
    return text;
  }

  peek(revision: number): ObjectText | undefined {
    return this.#texts.get(revision);
  }

  fill(revision: number, text: ObjectText): void {
    if (this.#bytes + text.length + overheadBytes <= this.#limitBytes) this.put(revision, text);
  }

  put(revision: number, text: ObjectText): void {
    this.drop(revision);
    this.#texts.set(revision, text);
    this.#bytes += text.length + overheadBytes;
    for (const oldest of this.#texts.keys()) {
      if (this.#bytes <= this.#limitBytes) break;
      this.drop(oldest);
    }
  }

  drop(revision: number): void {
    const text = this.#texts.get(revision);
    if (text === undefined) return;
    this.#texts.delete(revision);
    this.#bytes -= text.length + overheadBytes;
  }
}
