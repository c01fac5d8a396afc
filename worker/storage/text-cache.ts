/** Texts by revision (a revision's text never changes), the longest unused first to go. */
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
