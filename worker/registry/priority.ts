/**
 * The priority of a pod that names a PriorityClass: looked up before the pod is planned, because planning is pure.
 * The classes of the system need no look: the kind knows them.
 */
import type { Pod, PriorityClass } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { priorityClasses } from "../resources/scheduling/priority-classes.ts";
import { objectKey } from "../resources/resource.ts";
import type { Store } from "../storage/store.ts";
import { objectOf } from "./text.ts";

/** The pod with its class's value, as a copy; as it is if it names no class, or one that is not there. */
export async function withPriority<T extends KubernetesObject>(store: Pick<Store, "getMany">, object: T): Promise<T> {
  // Only pods have this field in their spec; what is malformed is refused by validation.
  const { spec } = object as Pod;
  const name = spec?.priorityClassName;
  if (!name || name.startsWith("system-")) return object;
  const { items } = await store.getMany([objectKey(priorityClasses, "", name)]);
  const [stored] = items;
  if (stored === undefined) return object;
  const { value, preemptionPolicy } = objectOf<PriorityClass>(priorityClasses, stored);
  return { ...object, spec: { ...spec, priority: value, preemptionPolicy: preemptionPolicy ?? "PreemptLowerPriority" } };
}
