/** The `pod-template-hash` and the hash in a ControllerRevision's name: FNV-1a, spelled without vowels. */
import { canonical } from "./equality.ts";
import { safeEncode } from "./names.ts";

/**
 * The value differs from the one that kube-controller-manager computes (it hashes Go's own dump of the struct), its
 * form and its use are the same. `collisionCount` makes another hash when a name is taken by another template.
 */
export function templateHash(template: unknown, collisionCount = 0): string {
  return safeEncode(String(fnv32a(canonical(template) + (collisionCount === 0 ? "" : `#${collisionCount}`))));
}

export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position++) {
    hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
  }
  return hash >>> 0;
}
