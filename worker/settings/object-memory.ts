/** Objects that an isolate keeps although they may have changed: who plans upon one requires its revision. Bounded. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { ObjectKey, WriteAnswer, WriteList } from "../storage/store.ts";

const mostObjects = 500;

export class ObjectMemory {
  readonly #objects = new Map<ObjectKey, Stored<KubernetesObject>>();

  get(key: ObjectKey): Stored<KubernetesObject> | undefined {
    return this.#objects.get(key);
  }

  keep(key: ObjectKey, object: Stored<KubernetesObject>): void {
    this.#objects.delete(key);
    this.#objects.set(key, object);
    if (this.#objects.size <= mostObjects) return;
    const [oldest] = this.#objects.keys();
    if (oldest !== undefined) this.#objects.delete(oldest);
  }

  /** What this isolate wrote, and what the store says is another one now. */
  noteWrite({ operations, isDryRun }: WriteList, answer: WriteAnswer | undefined): void {
    if (isDryRun !== true) for (const { key } of operations) this.#objects.delete(key);
    for (const [at, result] of (answer?.results ?? []).entries()) {
      if (result.ok || result.reason !== "requirement") continue;
      const requirement = operations[at]?.requires?.[result.at ?? 0];
      if (requirement !== undefined) this.#objects.delete(requirement.key);
    }
  }
}

/** The isolate's own. */
export const objectMemory = new ObjectMemory();
