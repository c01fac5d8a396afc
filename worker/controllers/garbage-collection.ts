/**
 * Garbage collection, key `gc/<uid of an owner>`: what becomes of an owner's dependents when it goes.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
import type { OwnerReference } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { resourceByKind } from "../resources/custom/kinds.ts";
import { objectKey } from "../resources/resource.ts";
import type { Action, Controller, Reader, Reconciliation } from "./controller.ts";
import { isDeleting, withOwners } from "./owner-references.ts";

/** What an owner reference turned out to be. */
export type OwnerState =
  /** Gone, or of that name with another uid, or never where the dependent looks for it. */
  | "absent"
  /** Being deleted in the foreground: it waits for its dependents. */
  | "waiting"
  /** There, or of what cannot be looked up from the dependent (an unknown kind, another's namespace): left alone. */
  | "solid";

export interface GarbageSnapshot {
  uid: string;
  /** The owner, if it is there and waits with one of the collector's finalizers. */
  owner: Stored<KubernetesObject> | undefined;
  dependents: Stored<KubernetesObject>[];
  /** By `identityOf`, of every owner that a dependent names. */
  owners: ReadonlyMap<string, OwnerState>;
}

/** A uid alone is only what a dependent says: one that lies, or looks in its own namespace, must not speak for others. */
function identityOf({ apiVersion, kind, name, uid }: OwnerReference, { metadata }: Stored<KubernetesObject>): string {
  return [metadata.namespace ?? "", apiVersion, kind, name, uid].join("/");
}

const foreground = "foregroundDeletion";
const orphan = "orphan";
const mostAtOnce = 500;

export const garbageController: Controller<GarbageSnapshot> = {
  name: "gc",
  async observe(reader, key) {
    const uid = key.slice(key.indexOf("/") + 1);
    const [waiting, dependents] = await Promise.all([
      reader.list({ resource: "*", term: `gc:${uid}` }),
      reader.list({ resource: "*", term: `owner:${uid}` }),
    ]);
    return { uid, owner: waiting[0], dependents, owners: await readOwners(reader, dependents) };
  },
  reconcile: reconcileGarbage,
};

async function readOwners(reader: Reader, dependents: Stored<KubernetesObject>[]): Promise<Map<string, OwnerState>> {
  const states = new Map<string, OwnerState>();
  for (const dependent of dependents) {
    for (const reference of dependent.metadata.ownerReferences ?? []) {
      const identity = identityOf(reference, dependent);
      if (!states.has(identity)) states.set(identity, await readOwner(reader, reference, dependent.metadata.namespace ?? ""));
    }
  }
  return states;
}

async function readOwner(reader: Reader, { apiVersion, kind, name, uid }: OwnerReference, namespace: string): Promise<OwnerState> {
  const resource = resourceByKind(reader.settings, apiVersion, kind) ?? resourceByKind(await reader.verifiedSettings(), apiVersion, kind);
  if (resource === undefined || (resource.isNamespaced && namespace === "")) return "solid";
  return stateOf(await reader.get(objectKey(resource, resource.isNamespaced ? namespace : "", name)), uid);
}

function stateOf(owner: Stored<KubernetesObject> | undefined, uid: string): OwnerState {
  if (owner?.metadata.uid !== uid) return "absent";
  return isDeleting(owner) && hasFinalizer(owner, foreground) ? "waiting" : "solid";
}

const hasFinalizer = (object: KubernetesObject, name: string): boolean => object.metadata?.finalizers?.includes(name) === true;

export function reconcileGarbage(snapshot: GarbageSnapshot): Reconciliation {
  const { owner, dependents, uid } = snapshot;
  if (owner !== undefined && hasFinalizer(owner, orphan)) return inSteps(release(dependents, uid), owner, orphan);
  const actions = dependents.flatMap((dependent) => collect(dependent, snapshot));
  if (owner === undefined || !hasFinalizer(owner, foreground)) return inSteps(actions);
  const isBlocked = dependents.some((dependent) => dependent.metadata.ownerReferences?.some((reference) =>
    reference.uid === uid && reference.blockOwnerDeletion === true && snapshot.owners.get(identityOf(reference, dependent)) === "waiting"));
  return isBlocked ? inSteps(actions) : inSteps(actions, owner, foreground);
}

/** A list holds only so many; the finalizer goes with the last of them. */
function inSteps(actions: Action[], owner?: Stored<KubernetesObject>, finalizer?: string): Reconciliation {
  if (actions.length > mostAtOnce) return { actions: actions.slice(0, mostAtOnce), requeueAfterMs: 1 };
  if (owner === undefined || finalizer === undefined) return { actions };
  return { actions: [...actions, { type: "removeFinalizer", object: owner, finalizer }] };
}

const release = (dependents: Stored<KubernetesObject>[], uid: string): Action[] =>
  dependents.map((dependent) => withoutOwners(dependent, (reference) => reference.uid === uid));

function collect(dependent: Stored<KubernetesObject>, { owners }: GarbageSnapshot): Action[] {
  const references = dependent.metadata.ownerReferences ?? [];
  const stateOf = (reference: OwnerReference) => owners.get(identityOf(reference, dependent));
  const isIn = (state: OwnerState) => references.filter((reference) => stateOf(reference) === state);
  const [absent, waiting, solid] = [isIn("absent"), isIn("waiting"), isIn("solid")];
  if (absent.length + waiting.length === 0) return [];
  if (solid.length > 0) {
    // Somebody still needs it: it only forgets those that go.
    return [withoutOwners(dependent, (reference) => stateOf(reference) === "absent" || stateOf(reference) === "waiting")];
  }
  if (isDeleting(dependent)) return [];
  return [{ type: "delete", object: dependent, options: deleteOptions(dependent, waiting) }];
}

/**
 * An owner that waits wants its dependents' dependents gone first (pods have none); otherwise the dependent's own
 * finalizer decides.
 */
function deleteOptions({ metadata, kind }: Stored<KubernetesObject>, waiting: OwnerReference[]): { propagationPolicy: "Foreground" | "Background" | "Orphan"; preconditions: { uid: string } } {
  const own = metadata.finalizers ?? [];
  const isAwaited = kind !== "Pod" && waiting.some((reference) => reference.blockOwnerDeletion === true);
  const isForeground = isAwaited || own.includes(foreground);
  const propagationPolicy = own.includes(orphan) ? "Orphan" : isForeground ? "Foreground" : "Background";
  return { propagationPolicy, preconditions: { uid: metadata.uid } };
}

function withoutOwners(dependent: Stored<KubernetesObject>, isDropped: (reference: OwnerReference) => boolean): Action {
  const ownerReferences = (dependent.metadata.ownerReferences ?? []).filter((reference) => !isDropped(reference));
  return { type: "update", object: withOwners(dependent, ownerReferences) };
}
