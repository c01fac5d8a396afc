/**
 * The contract of the store: what the Store Durable Object offers to the rest of the Worker (as RPC), and what the
 * store asks of the domain. The store knows keys, revisions and index terms; it knows no Kubernetes kind.
 */
import type { FieldRequirement, LabelRequirement } from "../../protocol/selectors.ts";

/**
 * `<resource>[.<group>]/<namespace>/<name>`: `pods/default/web-0`, `deployments.apps/default/web`, `nodes//host-1`.
 * Never a version, so that every version of a group is the same object. Resources whose name begins with `_`
 * (`_agents//host-1`, `_jointokens//<hash>`) are kedge's own and are never served by the Kubernetes API.
 */
export type ObjectKey = string;

/** What is known of an object without its text; computed at write time and stored beside it. */
export interface ObjectIndex {
  uid: string;
  labels: Record<string, string>;
  /** Selectable fields: `metadata.name`, `metadata.namespace`, `spec.nodeName`, `status.phase`, … */
  fields: Record<string, string>;
  /**
   * Inverted index, looked up by `Lookup.byTerm` and `ListQuery.term`:
   * `node:n1` a pod bound there, `unbound` a pod that is bound nowhere and not terminal, `terminated` a pod that
   * Succeeded or Failed, `ref:secrets/ns/x` what a pod needs, `claim:persistentvolumeclaims/ns/x` a claim that it uses, `gate:x` a readiness gate of it that is open; `account:<ns>/<name>` a Secret for a token of this service account; `owner:<uid>` for each owner reference; `orphan:<ns>` a
   * Pod, ReplicaSet or ControllerRevision without a controller owner; `no-execute` a Node that carries a taint of this
   * effect; `gc:<own uid>` an object that is being deleted
   * and carries the finalizer `foregroundDeletion` or `orphan`.
   */
  terms: string[];
  /** The controller owner, if any. */
  controller?: { key: ObjectKey; uid: string };
  /** Every owner reference of a known kind, the controller included; absent if there is none. */
  owners?: { key: ObjectKey; uid: string }[];
  /**
   * Only of kinds that have a status: a hash of everything but `status` (of which `allocatable` alone counts),
   * `metadata.managedFields`, `resourceVersion`: equal before and after, a change was one of status.
   */
  contentHash?: string;
  /** What a Service, ReplicaSet, … selects, in label-selector form, for finding whom a pod's change concerns. */
  selector?: { matchLabels?: Record<string, string>; matchExpressions?: LabelRequirement[] };
  /** What it uses of what budgets bound, see BudgetPolicy. */
  uses?: Uses;
  /** Only of a budget: how much its namespace may use, by measure; and which objects it covers, by their traits. */
  limits?: Record<string, number>;
  covers?: LabelRequirement[];
  generation: number;
  isDeleting: boolean;
  /** True when nobody has to act on the object any more; false puts it in the index that the cron walks. */
  isSettled: boolean;
}

/** Whole numbers in a unit of each measure's own, so that sums are exact. */
export interface Uses {
  amounts: Record<string, number>;
  /** What tells objects apart that some budgets cover and others do not. */
  traits?: Record<string, string>;
}

/**
 * The object's JSON without `apiVersion`, `kind` and `metadata.resourceVersion`, beginning with `{"metadata":{"name"`:
 * readers splice those three in front, so that nothing is parsed on the way out.
 */
export type ObjectText = string;

export interface StoredObject {
  key: ObjectKey;
  revision: number;
  text: ObjectText;
  /** True: the text was converted from a version that is no longer the one to store (../conversion). */
  isOutdated?: true;
}

/** What a list or a watch covers. All given parts must match. */
export interface Selection {
  /** `pods`, `deployments.apps`; `*` is every resource, and goes only with a `term` (the garbage collector's list). */
  resource: string;
  namespace?: string;
  labels?: LabelRequirement[];
  fields?: FieldRequirement[];
  term?: string;
}

export interface ListQuery extends Selection {
  limit?: number;
  /** Exclusive start key, for paging. */
  after?: ObjectKey;
  /** Read as of this revision; `{ expired: true }` if it lies below the compaction floor. */
  atRevision?: number;
}

export interface ListPage {
  revision: number;
  items: StoredObject[];
  /** More follow after this key. */
  next?: ObjectKey;
  remaining?: number;
}

export type Expired = { expired: true; floor: number; revision: number };

/** A condition on another object that must hold when the operation is evaluated. */
export interface Requirement {
  key: ObjectKey;
  /** `active`: exists and is not being deleted. */
  is: "active" | "present" | "absent";
  uid?: string;
  revision?: number;
}

/** A value that only one object may hold (cluster IP, node port, pod CIDR). Owned by the operation's key. */
export interface Claim {
  kind: string;
  value: string;
}

export type WriteOperation =
  | {
      verb: "create";
      key: ObjectKey;
      text: ObjectText;
      index: ObjectIndex;
      requires?: Requirement[];
      claims?: Claim[];
    }
  | {
      verb: "update";
      key: ObjectKey;
      text: ObjectText;
      index: ObjectIndex;
      expect: { revision: number; uid?: string };
      requires?: Requirement[];
      claims?: Claim[];
      releases?: Claim[];
    }
  | {
      /** Claims of the key are released with it. */
      verb: "delete";
      key: ObjectKey;
      expect: { revision?: number; uid?: string };
      requires?: Requirement[];
    };

export interface WriteList {
  operations: WriteOperation[];
  /** All or nothing: one refused operation refuses every other (`{ reason: "aborted" }`). */
  isAtomic?: boolean;
  /**
   * The revision of the snapshot that the list was computed from, by scope. The list is refused whole (every result
   * `{ reason: "stale" }`) if a scope changed after it: an ambiguous write is never repeated into duplicates.
   */
  guards?: { scope: string; revision: number }[];
  isDryRun?: boolean;
}

export type WriteResult =
  /** `text`: how the object reads, where that is not what was given (../conversion). */
  | { ok: true; revision: number; text?: ObjectText }
  | {
      ok: false;
      reason:
        | "exists"
        | "not-found"
        | "conflict"
        | "uid-mismatch"
        | "requirement"
        | "claimed"
        /** The text is beyond `maximumTextBytes`. */
        | "too-large"
        /** A budget of its namespace does not allow it. */
        | "over-budget"
        | "stale"
        | "aborted";
      /** The requirement's or claim's position in its operation. */
      at?: number;
      /** Of the operation's own object, or of the requirement's: absent if that is not there. */
      current?: { revision: number; uid: string };
      /** Of `over-budget`. */
      overspent?: Overspent;
    };

export interface Overspent {
  budget: ObjectKey;
  exceeded?: { measure: string; requested: number; used: number; limit: number }[];
  /** Measures that the budget bounds and the object does not state, with what of it does not. */
  lacking?: Record<string, string[]>;
}

/** As etcd's limit of a request; D1 holds 2 MB in one value, and an encrypted text grows by a third. */
export const maximumTextBytes = 1_400_000;

export interface WriteAnswer {
  /** Results in the order of the operations. */
  results: WriteResult[];
  revision: number;
}

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

/** One committed write as the domain's policy sees it. */
export interface Change {
  revision: number;
  key: ObjectKey;
  type: ChangeType;
  before?: ObjectIndex;
  after?: ObjectIndex;
}

/** One change as a reader of the log gets it; `text` of a DELETED is the last state. */
export interface ChangeEvent {
  type: ChangeType;
  key: ObjectKey;
  uid: string;
  revision: number;
  text: ObjectText;
}

export interface ChangesQuery extends Selection {
  since: number;
}

export interface ChangedLists {
  clusterUid: string;
  revision: number;
  /** By resource. */
  lists: Record<string, StoredObject[]>;
}

/** The guard scope that every change of a resource makes stale, where the policy keeps one for it. */
export const resourceScope = (resource: string): string => `resource/${resource}`;

/** Methods of the Store Durable Object. Refusals are values; only broken calls throw. */
export interface Store {
  get(key: ObjectKey): Promise<StoredObject | undefined>;
  getMany(keys: ObjectKey[]): Promise<{ revision: number; items: (StoredObject | undefined)[] }>;
  list(query: ListQuery): Promise<ListPage | Expired>;
  /** All of it at one revision. */
  listMany(queries: ListQuery[]): Promise<ListPage[]>;
  write(list: WriteList): Promise<WriteAnswer>;
  /** Changes after `since`, in order, matching before or after (an object that stops matching is DELETED). */
  changes(queries: ChangesQuery[]): Promise<{ revision: number; events: ChangeEvent[][] } | Expired>;
  /**
   * For caches of small, seldom changed resources: of those named, with the revision that the caller holds them at (-1:
   * not at all), the whole lists of those that changed since; all at one revision. Costs next to nothing if none did.
   */
  changedLists(held: Record<string, number>): Promise<ChangedLists>;
  /** What the objects that a budget covers use together, by measure. */
  usedOf(budget: ObjectKey): Promise<Record<string, number>>;
  /** Cluster facts. `epoch` grows with every start of the store. */
  describe(): Promise<{ clusterUid: string; epoch: number; revision: number; floor: number }>;
  /**
   * What the cron asks for when `meta.due_at` has come: wakes whom unsettled objects concern, deletes what expired,
   * compacts, and notes when it has to be asked again.
   */
  maintain(): Promise<{ woken: number; expired: number; compacted: number }>;
  /**
   * Encrypts a number of rows that an older key of ENCRYPTION_KEYS encrypted with the first one. `isDone`: none is left,
   * and the older keys may go.
   */
  reseal(): Promise<{ resealed: number; isDone: boolean }>;
  /** Rows that D1 counted since this isolate started (instances come and go), and what the instance holds in memory. */
  stats(): Promise<StoreStats>;
  // A watch is a WebSocket: see ./watch.ts.
}

export interface StoreStats {
  rowsRead: number;
  rowsWritten: number;
  queries: number;
  commits: number;
  operations: number;
  objects: number;
  /** Resource → how many; empty while the store is not loaded. */
  objectsByResource: Record<string, number>;
  textBytes: number;
  watches: number;
  pendingWakes: number;
}

/** Reads of the store's memory that the policy may make while a change is mapped; synchronous and indexed. */
export interface Lookup {
  get(key: ObjectKey): ObjectIndex | undefined;
  /** Keys of the objects whose index has this term. */
  byTerm(term: string): Iterable<ObjectKey>;
  /** Objects of a resource in one namespace (`""` for those without). */
  inNamespace(resource: string, namespace: string): Iterable<[ObjectKey, ObjectIndex]>;
}

/**
 * What the store asks of the domain (implemented in ../controllers/policy.ts).
 * Wake targets: `workload/<key>` (also `workload/gc/<uid>`), `scheduler`, `node/<name>`, `nodes`.
 */
export interface StorePolicy {
  wakesOf(change: Change, lookup: Lookup): string[];
  /** Scopes that a change makes stale, for `WriteList.guards`. */
  scopesOf(change: Change): string[];
  /** Whom the cron wakes once more after a change, see ./confirmations.ts. */
  confirmations?: {
    /** Whether changes of this key may have such targets; asked for each write. */
    concerns(key: ObjectKey): boolean;
    targetsOf(change: Change, lookup: Lookup): Iterable<string>;
  };
  /** How long after its last write an object of this key is deleted by itself (Events). */
  ttlSecondsOf?(key: ObjectKey): number | undefined;
  budgets?: BudgetPolicy;
}

/** Objects that bound what the others of their namespace use together (ResourceQuotas), see ./budgets.ts. */
export interface BudgetPolicy {
  /** The resource whose objects are budgets. */
  resource: string;
  /** What an object uses of the measures that a budget bounds; undefined: it is none of those that the budget covers. */
  usedOf(key: ObjectKey, index: ObjectIndex, budget: ObjectIndex): Record<string, number> | undefined;
  /** What a covered object has to state and does not: measures, with what of it lacks them. */
  lacking(key: ObjectKey, text: ObjectText, budget: ObjectIndex): Record<string, string[]>;
}

/** Delivers a wake; resolves when it was applied or durably noted by the receiver, rejects otherwise. */
export type Wake = (target: string, revision: number) => Promise<void>;
