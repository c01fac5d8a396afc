/** Names as `generateName` makes them, from a number that the shell drew: pure, so that plans can be tested. */

/** No vowels, and none of the digits that look like one: a name never spells a word. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
/** A label value holds 63 characters, and a pod's name is often one. */
const maxPrefixLength = 63 - 5;

/** The `position`-th name of a plan: `web-5d7f9-` → `web-5d7f9-x2k8q`. */
export function generatedName(prefix: string, seed: number, position: number): string {
  let state = mix(seed ^ Math.imul(position + 1, 0x9e3779b9));
  let suffix = "";
  for (let length = 0; length < 5; length++) {
    state = mix(state + 0x6d2b79f5);
    suffix += alphabet[state % alphabet.length] ?? "";
  }
  return prefix.slice(0, maxPrefixLength) + suffix;
}

/** One step of a 32-bit mixer (murmur3's finaliser). */
function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Spells a text in that alphabet, character by character, as Kubernetes does for hashes in names. */
export function safeEncode(text: string): string {
  return [...text].map((character) => alphabet[(character.codePointAt(0) ?? 0) % alphabet.length]).join("");
}
