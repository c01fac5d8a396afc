/**
 * Policies and webhooks that mutate, in turn: each on what those before it made of the object. When all were asked,
 * those who want it (`reinvocationPolicy: IfNeeded`) are asked once more if others changed the object after them.
 */
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";

export interface Mutated {
  /** The very object that was given, if nothing was changed. */
  object: KubernetesObject;
  warnings: string[];
}

export interface Mutator {
  /** Not another's of its stage. */
  name: string;
  isReinvoked: boolean;
  /** Undefined: it is not concerned. */
  mutate(object: KubernetesObject): Promise<Mutated | undefined>;
}

/** An admission plugin upstream. */
export interface Stage {
  /** Those whom the object concerns, as far as that is known when their turn begins. */
  mutators(object: KubernetesObject): Promise<Mutator[]>;
  /** When all had their turn. Throws what they refuse. */
  settle(): void;
}

/** `again` is what the built-in plugins make of an object that was changed after them. */
export async function mutateInTurn(stages: Stage[], given: KubernetesObject, again: (object: KubernetesObject) => Promise<KubernetesObject>): Promise<Mutated> {
  const warnings: string[] = [];
  /** What each has left behind. */
  const left = stages.map(() => new Map<string, KubernetesObject>());
  let object = given;
  const round = async (isMeant: (mutator: Mutator, left: KubernetesObject | undefined) => boolean) => {
    for (const [at, stage] of stages.entries()) {
      for (const mutator of await stage.mutators(object)) {
        if (!isMeant(mutator, left[at]?.get(mutator.name))) continue;
        const mutated = await mutator.mutate(object);
        if (mutated === undefined) continue;
        ({ object } = mutated);
        warnings.push(...mutated.warnings);
        left[at]?.set(mutator.name, object);
      }
      stage.settle();
    }
  };
  await round(() => true);
  if (object === given) return { object, warnings };
  object = await again(object);
  await round(({ isReinvoked }, before) => isReinvoked && before !== undefined && !isEqual(before, object));
  return { object, warnings };
}
