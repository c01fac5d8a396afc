/**
 * A token is good while its service account, and what it is bound to beside, are there and are those that it was made
 * for. That they are there is believed for a few seconds; that one is not is asked for each time.
 */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import type { ObjectKey, Store, StoredObject } from "../storage/store.ts";
import type { Named, ServiceAccountClaims } from "./service-account-claims.ts";
import { TokenCache } from "./token-cache.ts";

export type BoundObjectStore = Pick<Store, "getMany">;

const believedMs = 5_000;
/** An object that is being deleted ends its tokens a minute after its time, as upstream. */
const leewayMs = 60_000;

interface Bound extends Named {
  key: ObjectKey;
  what: string;
  held?: string;
}

export class BoundObjects {
  readonly #there = new TokenCache<true>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Undefined: all are there. `held`: the token that the Secret itself must hold. */
  async whyGone(store: BoundObjectStore, claims: ServiceAccountClaims, held?: string): Promise<string | undefined> {
    const bound = boundOf(claims, held);
    const id = `${bound.map(({ key, uid }) => `${key} ${uid}`).join()} ${held ?? ""}`;
    if (this.#there.get(id, this.#now()) === true) return undefined;
    const { items } = await store.getMany(bound.map(({ key }) => key));
    const why = bound.flatMap((one, at) => whyNot(one, items[at], this.#now()) ?? []).at(0);
    if (why === undefined) this.#there.set(id, true, this.#now() + believedMs);
    return why;
  }
}

function boundOf({ namespace, serviceaccount, pod, node, secret }: ServiceAccountClaims, held: string | undefined): Bound[] {
  const bound: Bound[] = [{ ...serviceaccount, key: `serviceaccounts/${namespace}/${serviceaccount.name}`, what: "service account" }];
  if (pod !== undefined) bound.push({ ...pod, key: `pods/${namespace}/${pod.name}`, what: "pod" });
  if (secret !== undefined) bound.push({ ...secret, key: `secrets/${namespace}/${secret.name}`, what: "secret", ...(held === undefined ? {} : { held }) });
  // Of a pod's token the node is told, and not asked for: the pod ends with it.
  if (node !== undefined && pod === undefined) bound.push({ ...node, key: `nodes//${node.name}`, what: "node" });
  return bound;
}

function whyNot({ what, uid, name, held }: Bound, stored: StoredObject | undefined, now: number): string | undefined {
  if (stored === undefined) return what === "service account" ? `serviceaccounts ${JSON.stringify(name)} not found` : "service account token has been invalidated";
  const object: unknown = JSON.parse(stored.text);
  const metadata = isRecord(object) && isRecord(object["metadata"]) ? object["metadata"] : {};
  const isOver = typeof metadata["deletionTimestamp"] === "string" && Date.parse(metadata["deletionTimestamp"]) + leewayMs < now;
  if (isOver) return what === "service account" ? `service account ${name} has been deleted` : "service account token has been invalidated";
  if (held !== undefined) return tokenIn(object) === held ? undefined : "token does not match server's copy";
  if (metadata["uid"] === uid) return undefined;
  if (what === "service account") return `service account UID (${String(metadata["uid"])}) does not match claim (${uid})`;
  return `${what} UID (${String(metadata["uid"])}) does not match service account ${what} ref claim (${uid})`;
}

function tokenIn(secret: unknown): string | undefined {
  const data = isRecord(secret) ? secret["data"] : undefined;
  const token = isRecord(data) ? data["token"] : undefined;
  return typeof token === "string" ? atob(token) : undefined;
}
