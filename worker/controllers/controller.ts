/**
 * What a controller is: it names what it reads, and computes actions from it. `reconcile` is total and pure (no
 * I/O, no clock, no randomness: the snapshot carries `now`); computing again after the actions were applied yields
 * none. The shell (../objects/workload.ts) reads, computes, applies the actions as one guarded list.
 */
import type { CertificateSigningRequest, Event, ServiceAccount } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { DeleteOptions } from "../registry/registry.ts";
import type { Settings } from "../settings/settings.ts";
import type { ListQuery, ObjectKey } from "../storage/store.ts";

/** Reads for one snapshot; objects come parsed, with apiVersion, kind and resourceVersion in place. */
export interface Reader {
  get<T extends KubernetesObject>(key: ObjectKey): Promise<Stored<T> | undefined>;
  list<T extends KubernetesObject>(query: ListQuery): Promise<Stored<T>[]>;
  /** What the objects that a ResourceQuota covers use, by the store's own sums. */
  usedOf(quota: ObjectKey): Promise<Record<string, number>>;
  /** A number drawn by the shell for this snapshot: generated names derive from it (./names.ts). */
  readonly seed: number;
  /** Why objects of the previous list were refused (as Status messages), so that a condition can say so. */
  readonly refusals: readonly string[];
  readonly credentials: Credentials;
  /** This look is the one that an earlier look asked for with `requeueAfterMs`. */
  readonly isRequeued: boolean;
  /** What the cluster is set to: which custom resources there are; maybe a second old. */
  readonly settings: Settings;
  /** As it is now: for who must not miss one that was made a moment ago. */
  verifiedSettings(): Promise<Settings>;
}

/** The certificate in PEM, as base64. Undefined: the signer is somebody else. */
export type SignedRequest = { certificate: string } | { why: string } | undefined;

/** What only the shell can make: it takes keys. */
export interface Credentials {
  sign(request: Stored<CertificateSigningRequest>): Promise<SignedRequest>;
  /** A token without an end, good while the Secret holds it. */
  accountToken(account: Stored<ServiceAccount>, secretName: string): Promise<string>;
  /** PEM of the authorities that vouch for the API: the cluster's own, for pods; and the one of its address outside, if no public one does. */
  rootCertificate(): Promise<string>;
}

export type Action =
  | { type: "create"; object: KubernetesObject }
  /** `object` carries the resourceVersion it was read at. */
  | { type: "update"; object: Stored<KubernetesObject>; subresource?: "status" | "scale" | "finalize" }
  | { type: "delete"; object: Stored<KubernetesObject>; options?: DeleteOptions }
  /** Metadata finalizers done: the object may go. */
  | { type: "removeFinalizer"; object: Stored<KubernetesObject>; finalizer: string }
  | { type: "event"; about: Stored<KubernetesObject>; event: Pick<Event, "reason" | "message" | "type"> & { component: string } };

export interface Reconciliation {
  actions: Action[];
  /** Look again after this long, without a wake. */
  requeueAfterMs?: number;
}

export interface Controller<Snapshot> {
  /** Key prefix it answers for: `replicasets.apps`, `gc`. */
  name: string;
  observe(reader: Reader, key: ObjectKey, now: number): Promise<Snapshot>;
  reconcile(snapshot: Snapshot): Reconciliation;
}
