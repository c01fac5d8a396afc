/**
 * A cluster in memory for tests: the store's contract over a Map, the real policy, planner and controllers, and a
 * hollow node that runs pods when the test lets it. Time stands still unless the test moves it. No persistence, no
 * history: lists are always of now. Everything that happens is drawn by the test.
 */
import type { Node, Pod } from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { matchesFields, matchesLabels } from "../../../protocol/selectors.ts";
import { storePolicy } from "../policy.ts";
import { reconcilerFor } from "../registry.ts";
import { timestampOf } from "../time.ts";
import { planner } from "../../registry/planner.ts";
import type { DeleteOptions, Planned } from "../../registry/registry.ts";
import { objectOf } from "../../registry/text.ts";
import { resourceByKey, resourceOf } from "../../resources/registry.ts";
import { objectKey, type RequestContext, type Resource } from "../../resources/resource.ts";
import { recount } from "../../storage/budgets.ts";
import type { Change, ListPage, ListQuery, Lookup, ObjectIndex, ObjectKey, Store, StoredObject, WriteAnswer, WriteList, WriteOperation, WriteResult } from "../../storage/store.ts";
import { reconcileKey } from "../../objects/reconcile/reconcile-key.ts";
import { noSettings } from "../../settings/settings.ts";

interface Entry extends StoredObject {
  index: ObjectIndex;
}

export class SimulatedCluster implements Pick<Store, "getMany" | "list" | "usedOf" | "write"> {
  now = Date.UTC(2030, 0, 1);
  revision = 0;
  /** Operations committed by controllers, for counting what a reconciliation costs. */
  operations = 0;
  looks = 0;
  /** Happens once, between a look's reading and its writing. */
  meanwhile: (() => Promise<void>) | undefined;
  readonly wakes = new Set<string>();
  /** When a controller asked to look again, by key. */
  readonly alarms = new Map<string, number>();
  /** Keys whose alarm went off. */
  readonly #due = new Set<string>();
  readonly #entries = new Map<ObjectKey, Entry>();
  readonly #scopes = new Map<string, number>();
  #drawn = 0;

  constructor() {
    this.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } });
    this.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "default" } });
    this.create({ apiVersion: "v1", kind: "Node", metadata: { name: "node-1" } });
    this.change<Node>("nodes//node-1", (node) => void (node.status = { conditions: [{ type: "Ready", status: "True" }] }), "status");
  }

  readonly #lookup: Lookup = {
    get: (key) => this.#entries.get(key)?.index,
    byTerm: (term) => [...this.#entries.values()].filter(({ index }) => index.terms.includes(term)).map(({ key }) => key),
    inNamespace: (resource, namespace) =>
      [...this.#entries.values()].filter(({ key }) => key.startsWith(`${resource}/${namespace}/`)).map(({ key, index }) => [key, index]),
  };

  async getMany(keys: ObjectKey[]): Promise<{ revision: number; items: (StoredObject | undefined)[] }> {
    return { revision: this.revision, items: keys.map((key) => this.#entries.get(key)) };
  }

  async list(query: ListQuery): Promise<ListPage> {
    return { revision: this.revision, items: [...this.#entries.values()].filter((entry) => matches(query, entry)) };
  }

  async usedOf(budget: ObjectKey): Promise<Record<string, number>> {
    const index = this.#lookup.get(budget);
    const view = { budgetsOf: () => [], budget: () => index, usedOf: () => new Map(), objectsIn: () => [...this.#entries].map(([key, entry]): [ObjectKey, ObjectIndex] => [key, entry.index]) };
    return storePolicy.budgets === undefined ? {} : Object.fromEntries(recount(storePolicy.budgets, view, budget));
  }

  async write({ operations, guards = [] }: WriteList): Promise<WriteAnswer> {
    const { meanwhile } = this;
    this.meanwhile = undefined;
    await meanwhile?.();
    const isStale = guards.some(({ scope, revision }) => (this.#scopes.get(scope) ?? 0) > revision);
    const results = operations.map((operation): WriteResult => (isStale ? { ok: false, reason: "stale" } : this.#commit(operation)));
    this.operations += results.filter(({ ok }) => ok).length;
    return { results, revision: this.revision };
  }

  #commit(operation: WriteOperation): WriteResult {
    const current = this.#entries.get(operation.key);
    const refusal = this.#refusal(operation, current);
    if (refusal !== undefined) return refusal;
    const revision = ++this.revision;
    if (operation.verb === "delete") this.#entries.delete(operation.key);
    else this.#entries.set(operation.key, { key: operation.key, revision, text: operation.text, index: operation.index });
    const after = this.#entries.get(operation.key)?.index;
    this.#dispatch({
      revision,
      key: operation.key,
      type: current === undefined ? "ADDED" : after === undefined ? "DELETED" : "MODIFIED",
      ...(current === undefined ? {} : { before: current.index }),
      ...(after === undefined ? {} : { after }),
    });
    return { ok: true, revision };
  }

  #refusal(operation: WriteOperation, current: Entry | undefined): WriteResult | undefined {
    if (operation.verb === "create") {
      if (current !== undefined) return { ok: false, reason: "exists" };
      const at = (operation.requires ?? []).findIndex(({ key }) => this.#lookup.get(key)?.isDeleting !== false);
      if (at < 0) return undefined;
      const named = this.#entries.get(operation.requires?.[at]?.key ?? "");
      return { ok: false, reason: "requirement", at, ...(named && { current: { revision: named.revision, uid: named.index.uid } }) };
    }
    if (current === undefined) return { ok: false, reason: "not-found" };
    const { revision, uid } = operation.expect;
    if (revision !== undefined && revision !== current.revision) return { ok: false, reason: "conflict" };
    return uid !== undefined && uid !== current.index.uid ? { ok: false, reason: "uid-mismatch" } : undefined;
  }

  #dispatch(change: Change): void {
    for (const scope of storePolicy.scopesOf(change)) this.#scopes.set(scope, change.revision);
    for (const target of storePolicy.wakesOf(change, this.#lookup)) this.wakes.add(target);
  }

  /** One look at one key, as a Workload takes it; a snapshot that got old is taken again by the next wake. */
  async reconcile(key: string): Promise<void> {
    const reconciler = reconcilerFor(key);
    if (reconciler === undefined) return;
    this.looks += 1;
    const outcome = await reconcileKey(reconciler, key, [], {
      store: this,
      planner,
      verified: () => Promise.resolve(this.context().settings),
      credentials: {
        sign: () => Promise.resolve(undefined),
        accountToken: ({ metadata }, secret) => Promise.resolve(`token of ${metadata.name} in ${secret}`),
        rootCertificate: () => Promise.resolve(""),
      },
      isRequeued: this.#due.delete(key),
      context: () => Promise.resolve(this.context()),
      seed: () => ++this.#drawn,
    });
    if (outcome.isStale || outcome.refusals.length > 0) this.wakes.add(`workload/${key}`);
    await outcome.record();
    if (outcome.requeueAfterMs !== undefined) this.alarms.set(key, this.now + outcome.requeueAfterMs);
  }

  /** Keys that wait to be reconciled. */
  get pending(): string[] {
    return [...this.wakes].filter((target) => target.startsWith("workload/")).map((target) => target.slice("workload/".length));
  }

  async reconcileNext(pick = 0): Promise<boolean> {
    const { pending } = this;
    const key = pending[pick % Math.max(1, pending.length)];
    if (key === undefined) return false;
    this.wakes.delete(`workload/${key}`);
    await this.reconcile(key);
    return true;
  }

  /** Until nobody has anything to do; a plan that never ends is a failure. */
  async settle(limit = 500): Promise<void> {
    for (let look = 0; await this.reconcileNext(); look += 1) if (look > limit) throw new Error(`does not settle: ${this.pending.join(", ")}`);
  }

  advance(seconds: number): void {
    this.now += seconds * 1000;
    for (const [key, at] of this.alarms) {
      if (at > this.now) continue;
      this.alarms.delete(key);
      this.#due.add(key);
      this.wakes.add(`workload/${key}`);
    }
  }

  context(): RequestContext {
    const draw = (): number => ++this.#drawn;
    return {
      now: this.now,
      newUid: () => `00000000-0000-4000-8000-${String(draw()).padStart(12, "0")}`,
      randomSuffix: (length) => String(draw()).padStart(length, "x"),
      user: { name: "test", groups: [] },
      config: { serviceCidr: "10.96.0.0/16", clusterCidr: "10.244.0.0/16", clusterDomain: "cluster.local" },
      settings: noSettings,
    };
  }

  // What a user and a node do.

  create(object: KubernetesObject): void {
    this.#user(planner.create(resource(object), structuredClone(object), this.context()));
  }

  change<T extends KubernetesObject>(key: ObjectKey, change: (object: Stored<T>) => void, subresource?: string): void {
    const current = this.get<T>(key);
    if (current === undefined) throw new Error(`no ${key}`);
    const next = structuredClone(current);
    change(next);
    const planned = planner.update({ resource: resource(current), current, next, context: this.context(), ...(subresource === undefined ? {} : { subresource }) });
    if (planned !== undefined) this.#user(planned);
  }

  delete(key: ObjectKey, options: DeleteOptions = {}): void {
    const current = this.get(key);
    if (current === undefined) return;
    const planned = planner.delete({ resource: resource(current), current, options, context: this.context() });
    if (planned !== undefined) this.#user(planned);
  }

  #user({ operation }: Planned): void {
    const result = this.#commit(operation);
    if (!result.ok) throw new Error(`${operation.verb} ${operation.key}: ${result.reason}`);
  }

  get<T extends KubernetesObject>(key: ObjectKey): Stored<T> | undefined {
    const entry = this.#entries.get(key);
    const kind = resourceByKey(key.slice(0, key.indexOf("/")));
    return entry === undefined || kind === undefined ? undefined : objectOf<T>(kind, entry);
  }

  all<T extends KubernetesObject>(resourceName: string): Stored<T>[] {
    return [...this.#entries.keys()].filter((key) => key.startsWith(`${resourceName}/`)).flatMap((key) => this.get<T>(key) ?? []);
  }

  get pods(): Stored<Pod>[] {
    return this.all<Pod>("pods");
  }

  /** Binds a pod that waits, starts one that is bound, ends one that is terminating. */
  runPod(pod: Stored<Pod>): void {
    const key = keyOf(pod);
    if (pod.metadata.deletionTimestamp !== undefined) this.delete(key, { gracePeriodSeconds: 0 });
    else if ((pod.spec?.nodeName ?? "") === "") this.change<Pod>(key, ({ spec }) => void (spec!.nodeName = "node-1"), "binding");
    else if (pod.status?.phase === "Pending") this.setReady(pod, true);
  }

  setReady(pod: Stored<Pod>, isReady: boolean): void {
    const address = `10.244.0.${(Number(pod.metadata.uid.slice(-5)) % 250) + 1}`;
    const condition = { type: "Ready", status: isReady ? "True" : "False", lastTransitionTime: timestampOf(this.now) };
    this.change<Pod>(keyOf(pod), (next) => {
      next.status = { ...next.status, phase: "Running", podIP: address, podIPs: [{ ip: address }], conditions: [condition] };
    }, "status");
  }

  setPhase(pod: Stored<Pod>, phase: string): void {
    this.change<Pod>(keyOf(pod), (next) => void (next.status = { ...next.status, phase, conditions: [] }), "status");
  }

  /** Controllers and node take turns until nothing changes any more. */
  async converge(limit = 200): Promise<void> {
    for (let round = 0; round < limit; round += 1) {
      await this.settle();
      const before = this.revision;
      for (const pod of this.pods) this.runPod(pod);
      if (this.revision === before) return;
    }
    throw new Error("does not converge");
  }
}

export const keyOf = (object: Stored<KubernetesObject>): ObjectKey =>
  objectKey(resource(object), object.metadata.namespace ?? "", object.metadata.name);

function resource(object: KubernetesObject): Resource {
  const found = resourceOf(object);
  if (found === undefined) throw new Error(`no resource for ${object.kind}`);
  return found;
}

function matches(query: ListQuery, { key, index }: Entry): boolean {
  const [resourceName, namespace] = key.split("/");
  return (query.resource === "*" || query.resource === resourceName)
    && (query.namespace === undefined || query.namespace === namespace)
    && (query.term === undefined || index.terms.includes(query.term))
    && matchesLabels(query.labels ?? [], index.labels)
    && matchesFields(query.fields ?? [], index.fields);
}
