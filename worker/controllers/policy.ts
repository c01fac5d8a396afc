/**
 * Whom a change concerns: the domain's half of the store's dispatch. Runs inside the store for every committed
 * change, so each rule is a lookup by key, by term, or a walk over the few selecting objects of one namespace.
 *
 * Wake targets: `workload/<controller's key>`, `scheduler`, `node/<name>`, `node/<name>/heartbeat`,
 * `node/<name>/agent`, `nodes`.
 */
import { definitionsKey } from "../resources/custom/json-schema.ts";
import { matchesSelector } from "../../protocol/selectors.ts";
import { isSetting } from "../resources/settings.ts";
import { resourceScope, type Change, type Lookup, type ObjectIndex, type ObjectKey, type StorePolicy } from "../storage/store.ts";
import { aggregationKey } from "./cluster-role-aggregation.ts";
import { flowSchemasKey } from "./flow-schemas.ts";
import { quotaBudgets } from "./resource-quota/budgets.ts";
import { selects } from "./selector.ts";

/** Resources that a controller answers for by the object's own key. */
const reconciledByOwnKey = new Set([
  definitionsKey,
  "validatingadmissionpolicies.admissionregistration.k8s.io",
  "deployments.apps",
  "replicasets.apps",
  "replicationcontrollers",
  "statefulsets.apps",
  "services",
  "poddisruptionbudgets.policy",
  "namespaces",
  "nodes",
  "servicecidrs.networking.k8s.io",
  "resourcequotas",
  "persistentvolumeclaims",
  "persistentvolumes",
]);

/** Whose selector may adopt an object that has no controller. */
const adopters: Record<string, string[]> = {
  pods: ["replicasets.apps", "replicationcontrollers", "statefulsets.apps"],
  "replicasets.apps": ["deployments.apps"],
  "controllerrevisions.apps": ["statefulsets.apps"],
};

/** More finished pods than this and the oldest go, as kube-controller-manager's --terminated-pod-gc-threshold. */
export const terminatedPodThreshold = 12_500;

/** kube-apiserver's --event-ttl. */
const eventTtlSeconds = 3600;

/** Beside pods. */
const confirmed = new Set(["services", "endpoints"]);

type Rule = (change: Change, lookup: Lookup) => Iterable<string>;

const rules: Rule[] = [
  ownKey, controllers, adopting, services, budgets, endpoints, namespaces, definitions, garbage, scheduling, pods, nodes, references, aggregation, flows, quotas, claims, credentials,
];

export const storePolicy: StorePolicy = {
  wakesOf(change, lookup) {
    const targets = new Set<string>();
    for (const rule of rules) for (const target of rule(change, lookup)) targets.add(target);
    return [...targets];
  },
  scopesOf,
  // Of a Service nothing tells whether its slices show what its pods say.
  confirmations: {
    concerns: (key) => isPod(key) || confirmed.has(resourceOf(key)),
    *targetsOf(change, lookup) {
      yield* services(change, lookup);
      if (confirmed.has(resourceOf(change.key))) yield `workload/services/${change.key.slice(change.key.indexOf("/") + 1)}`;
    },
  },
  budgets: quotaBudgets,
  ttlSecondsOf: (key) => (key.startsWith("events/") ? eventTtlSeconds : undefined),
};

/**
 * A workload's plans count its living objects: one created, deleted, marked for deletion or handed over makes them
 * stale, and so does the workload itself created, deleted or given a new generation. Status is left out, and so is
 * the end of an object that was terminating: nobody counted it any more. Settings have a scope a resource.
 */
function scopesOf(change: Change): string[] {
  const { before, after, key } = change;
  const scopes = new Set<string>();
  if (isLiving(before) !== isLiving(after) || before?.controller?.uid !== after?.controller?.uid) {
    for (const index of [before, after]) if (isLiving(index) && index?.controller !== undefined) scopes.add(index.controller.key);
  }
  const isOwnChange = before?.generation !== after?.generation || before?.isDeleting !== after?.isDeleting;
  if (reconciledByOwnKey.has(resourceOf(key)) && isOwnChange) scopes.add(key);
  const node = nodeOf(after);
  if (isPod(key) && node !== undefined && nodeOf(before) !== node) scopes.add(`bind/${node}`);
  if (isSetting(resourceOf(key))) scopes.add(resourceScope(resourceOf(key)));
  return [...scopes];
}

const isLiving = (index: ObjectIndex | undefined): boolean => index !== undefined && !index.isDeleting;

function* ownKey(change: Change): Iterable<string> {
  const resource = resourceOf(change.key);
  if (!reconciledByOwnKey.has(resource)) return;
  // Its own status is what a controller writes itself; a Node's and a volume's are written by others and read by ours.
  if (resource === "nodes" || resource === "persistentvolumes" || isContentChange(change)) yield `workload/${change.key}`;
}

function* controllers({ before, after }: Change): Iterable<string> {
  for (const index of [before, after]) if (index?.controller !== undefined) yield `workload/${index.controller.key}`;
}

/** An object without a controller may be adopted by whoever selects it, and one that no longer is must be noticed. */
function* adopting(change: Change, lookup: Lookup): Iterable<string> {
  const { key, before, after } = change;
  if (after === undefined || after.controller !== undefined || !isContentChange(change)) return;
  for (const resource of adopters[resourceOf(key)] ?? []) {
    yield* selecting(resource, key, [before, after], lookup);
  }
}

function* services({ key, before, after }: Change, lookup: Lookup): Iterable<string> {
  if (isPod(key)) yield* selecting("services", key, [before, after], lookup);
}

/** Whether a pod is there and ready decides how many others may go. An empty selector is about the whole namespace. */
function* budgets({ key, before, after }: Change, lookup: Lookup): Iterable<string> {
  if (!isPod(key)) return;
  for (const [candidate, { selector }] of lookup.inNamespace("poddisruptionbudgets.policy", namespaceOf(key))) {
    const isSelecting = [before, after].some((state) => selector !== undefined && state !== undefined && matchesSelector(selector, state.labels));
    if (isSelecting) yield `workload/${candidate}`;
  }
}

function* selecting(
  resource: string,
  key: ObjectKey,
  states: (ObjectIndex | undefined)[],
  lookup: Lookup,
): Iterable<string> {
  for (const [candidate, index] of lookup.inNamespace(resource, namespaceOf(key))) {
    if (states.some((state) => state !== undefined && selects(index.selector, state.labels))) yield `workload/${candidate}`;
  }
}

/** Endpoints carry their Service's name; EndpointSlices name it as their controller, so `controllers` has them. */
function* endpoints(change: Change): Iterable<string> {
  const resource = resourceOf(change.key);
  if (resource === "endpoints") yield `workload/services/${change.key.slice(resource.length + 1)}`;
  if (resource === "endpointslices.discovery.k8s.io") yield "nodes";
  if (resource === "services" && isContentChange(change)) yield "nodes";
}

/** A namespace that is being deleted counts down its contents; an active one keeps what every namespace has. */
function* namespaces({ key, type }: Change, lookup: Lookup): Iterable<string> {
  if (type === "ADDED" || namespaceOf(key) === "") return;
  const namespace: ObjectKey = `namespaces//${namespaceOf(key)}`;
  const isCertificate = key.startsWith("configmaps/") && key.endsWith("/kube-root-ca.crt");
  const isStandardGone = type === "DELETED" && key.startsWith("serviceaccounts/") && key.endsWith("/default");
  const isEmptying = type === "DELETED" && lookup.get(namespace)?.isDeleting === true;
  if (isCertificate || isStandardGone || isEmptying) yield `workload/${namespace}`;
}

/** A definition that ends counts down its objects; one that went frees its names for those that wait for them. */
function* definitions({ key, type }: Change, lookup: Lookup): Iterable<string> {
  if (type !== "DELETED") return;
  const definition: ObjectKey = `${definitionsKey}//${resourceOf(key)}`;
  if (lookup.get(definition)?.isDeleting === true) yield `workload/${definition}`;
  if (resourceOf(key) === definitionsKey) for (const waiting of lookup.byTerm("crd-names-pending")) yield `workload/${waiting}`;
}

/** An owner that went, an owner that waits for its dependents, a dependent whose owner is not there. */
function* garbage({ before, after, type }: Change, lookup: Lookup): Iterable<string> {
  const state = after ?? before;
  if (state === undefined) return;
  if (type === "DELETED" && has(lookup.byTerm(`owner:${state.uid}`))) yield `workload/gc/${state.uid}`;
  for (const term of after?.terms ?? []) if (term.startsWith("gc:")) yield `workload/gc/${term.slice("gc:".length)}`;
  for (const { uid } of [...(before?.owners ?? []), ...(after?.owners ?? [])]) {
    if (has(lookup.byTerm(`gc:${uid}`))) yield `workload/gc/${uid}`;
  }
  if (type === "DELETED" || after?.isDeleting === true) return;
  for (const { key, uid } of after?.owners ?? []) if (lookup.get(key)?.uid !== uid) yield `workload/gc/${uid}`;
}

/**
 * The scheduler acts on pods that wait for a node, and on whatever may let one fit. The PodScheduled condition that
 * it writes itself is a change of status and does not wake it again.
 */
function* scheduling(change: Change, lookup: Lookup): Iterable<string> {
  const { key, before, after } = change;
  if (resourceOf(key) === "nodes" && isContentChange(change)) yield "scheduler";
  if (!isPod(key)) return;
  if (after !== undefined && isWaiting(after) && !after.isDeleting && isContentChange(change)) yield "scheduler";
  const hasLeft = before !== undefined && holdsResources(before) && (after === undefined || !holdsResources(after));
  if (hasLeft && has(lookup.byTerm("unbound"))) yield "scheduler";
}

/** A node hears of its pods' desired state and readiness gates, never of the statuses that it reports itself. */
function* pods(change: Change, lookup: Lookup): Iterable<string> {
  const { key, before, after } = change;
  if (!isPod(key)) return;
  for (const node of new Set([nodeOf(before), nodeOf(after)])) {
    if (node === undefined) continue;
    if (isContentChange(change) || gatesOf(before) !== gatesOf(after)) yield `node/${node}`;
    if (after !== undefined && lookup.get(`nodes//${node}`) === undefined) yield `workload/podgc//${node}`;
  }
  yield* evictions(change, lookup);
  const isNewlyFinished = after !== undefined && isTerminal(after) && (before === undefined || !isTerminal(before));
  if (isNewlyFinished && countsMoreThan(lookup.byTerm("terminated"), terminatedPodThreshold)) yield "workload/podgc//";
}

/** A pod that comes to a node with a NoExecute taint is ended in its time, too. */
function* evictions({ before, after }: Change, lookup: Lookup): Iterable<string> {
  const node = nodeOf(after);
  if (node === undefined || nodeOf(before) === node) return;
  if (lookup.get(`nodes//${node}`)?.terms.includes("no-execute") === true) yield `workload/nodes//${node}`;
}

function* nodes(change: Change, lookup: Lookup): Iterable<string> {
  // The hub remembers what the agent is known by.
  if (change.key.startsWith("_agents//")) yield `node/${nameOf(change.key)}/agent`;
  // A node that is kept through the API alone shows life by renewing its Lease or its status.
  if (change.key.startsWith("leases.coordination.k8s.io/kube-node-lease/") && change.type !== "DELETED") {
    yield `node/${nameOf(change.key)}/heartbeat`;
  }
  if (resourceOf(change.key) !== "nodes") return;
  const name = nameOf(change.key);
  yield `node/${name}/heartbeat`;
  if (isContentChange(change)) yield* [`node/${name}`, "nodes"];
  if (change.type === "DELETED" && has(lookup.byTerm(`node:${name}`))) yield `workload/podgc//${name}`;
}

/** ConfigMaps and Secrets concern the nodes of the pods that use them; the term is the key, so most find nobody. */
function* references({ key }: Change, lookup: Lookup): Iterable<string> {
  const resource = resourceOf(key);
  if (resource !== "configmaps" && resource !== "secrets") return;
  for (const pod of lookup.byTerm(`ref:${key}`)) {
    const node = nodeOf(lookup.get(pod));
    if (node !== undefined) yield `node/${node}`;
  }
}

/** Any ClusterRole may be gathered by another. */
function* aggregation({ key }: Change): Iterable<string> {
  if (key.startsWith("clusterroles.rbac.authorization.k8s.io/")) yield `workload/${aggregationKey}`;
}

/** A schema that is new or names another level; a level that came or went, which any schema may name. */
function* flows(change: Change): Iterable<string> {
  const resource = resourceOf(change.key);
  const isLevel = resource === "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io" && change.type !== "MODIFIED";
  const isSchema = resource === "flowschemas.flowcontrol.apiserver.k8s.io" && change.type !== "DELETED" && isContentChange(change);
  if (isLevel || isSchema) yield `workload/${flowSchemasKey}`;
}

/** Those that cover a change, and count something else than before. */
function* quotas({ key, before, after }: Change, lookup: Lookup): Iterable<string> {
  for (const [quota, budget] of lookup.inNamespace(quotaBudgets.resource, namespaceOf(key))) {
    const [was, is] = [before, after].map((index) => index && quotaBudgets.usedOf(key, index, budget));
    if (Object.keys({ ...was, ...is }).some((measure) => (was?.[measure] ?? 0) !== (is?.[measure] ?? 0))) yield `workload/${quota}`;
  }
}

/** A pod that went or has ended uses its claims no more. */
function* claims({ key, before, after }: Change): Iterable<string> {
  if (!isPod(key) || before === undefined || (after !== undefined && !isTerminal(after))) return;
  for (const term of before.terms) if (term.startsWith("claim:")) yield `workload/${term.slice("claim:".length)}`;
}

/** A certificate request is decided through its status; Secrets that hold tokens follow the account that they name. */
function* credentials({ key, before, after, type }: Change, lookup: Lookup): Iterable<string> {
  if (key.startsWith("certificatesigningrequests.certificates.k8s.io/") && type !== "DELETED") yield `workload/${key}`;
  if (key.startsWith("serviceaccounts/") && has(lookup.byTerm(`account:${key.slice("serviceaccounts/".length)}`))) yield `workload/${key}`;
  if (!key.startsWith("secrets/")) return;
  for (const term of [...(before?.terms ?? []), ...(after?.terms ?? [])]) {
    if (term.startsWith("account:")) yield `workload/serviceaccounts/${term.slice("account:".length)}`;
  }
}

/** False for a change of status alone. Without hashes (kinds that have no status) every change is one of content. */
function isContentChange({ before, after }: Change): boolean {
  if (before === undefined || after === undefined) return true;
  if (before.isDeleting !== after.isDeleting || nodeOf(before) !== nodeOf(after)) return true;
  return before.contentHash === undefined || before.contentHash !== after.contentHash;
}

const gatesOf = (index: ObjectIndex | undefined): string => index?.terms.filter((term) => term.startsWith("gate:")).join() ?? "";
const resourceOf = (key: ObjectKey): string => key.slice(0, key.indexOf("/"));
const namespaceOf = (key: ObjectKey): string => key.slice(key.indexOf("/") + 1, key.lastIndexOf("/"));
const nameOf = (key: ObjectKey): string => key.slice(key.lastIndexOf("/") + 1);
const isPod = (key: ObjectKey): boolean => key.startsWith("pods/");

function nodeOf(pod: ObjectIndex | undefined): string | undefined {
  const node = pod?.fields["spec.nodeName"];
  return node === "" ? undefined : node;
}

function isTerminal(pod: ObjectIndex): boolean {
  const phase = pod.fields["status.phase"];
  return phase === "Succeeded" || phase === "Failed";
}

const isWaiting = (pod: ObjectIndex): boolean => nodeOf(pod) === undefined && !isTerminal(pod);
const holdsResources = (pod: ObjectIndex): boolean => nodeOf(pod) !== undefined && !isTerminal(pod);

const has = (keys: Iterable<ObjectKey>): boolean => countsMoreThan(keys, 0);

function countsMoreThan(keys: Iterable<ObjectKey>, threshold: number): boolean {
  const rest = keys[Symbol.iterator]();
  for (let count = 0; rest.next().done !== true; count += 1) if (count === threshold) return true;
  return false;
}
