/**
 * The scheduler's picture of the cluster: nodes with what is taken of them, pods by node, namespace and controller,
 * Services' selectors and namespaces' labels. Kept current change by change; a cache that can always be rebuilt.
 */
import type { LabelRequirement } from "../../protocol/selectors.ts";
import { NodeInfo, type NodeFacts } from "./node-info.ts";
import { isWaiting, type PodInfo } from "./pod-info.ts";

export class Picture {
  readonly nodes = new Map<string, NodeInfo>();
  /** Every pod that is neither terminal nor gone, by key. */
  readonly pods = new Map<string, PodInfo>();
  readonly serviceSelectors = new Map<string, { namespace: string; labels: readonly LabelRequirement[] }>();
  readonly namespaceLabels = new Map<string, Readonly<Record<string, string>>>();
  /** Bound pods, for the plugins that count them. */
  readonly #byNamespace = new Map<string, Map<string, PodInfo>>();
  readonly #byController = new Map<string, Map<string, PodInfo>>();
  readonly #withAntiAffinity = new Map<string, PodInfo>();
  readonly #withAffinity = new Map<string, PodInfo>();
  /** Bound to nodes that are not (yet) known. */
  readonly #astray = new Map<string, PodInfo>();
  #nominated = new Map<string, PodInfo[]>();
  /** Grows whenever something happened that may let a waiting pod fit. */
  generation = 0;

  setNode(facts: NodeFacts): void {
    const known = this.nodes.get(facts.name);
    if (known && isSame(known.facts, facts)) return;
    const astray = [...this.#astray.values()].filter((pod) => pod.nodeName === facts.name);
    for (const pod of astray) this.#astray.delete(pod.key);
    this.nodes.set(facts.name, new NodeInfo(facts, [...(known?.pods.values() ?? []), ...astray]));
    this.generation += 1;
  }

  deleteNode(name: string): void {
    for (const pod of this.nodes.get(name)?.pods.values() ?? []) this.#astray.set(pod.key, pod);
    this.nodes.delete(name);
    this.generation += 1;
  }

  setPod(pod: PodInfo): void {
    const known = this.pods.get(pod.key);
    if (known) this.#take(known);
    if (pod.isTerminal) {
      if (known) this.deletePod(pod.key);
      return;
    }
    this.pods.set(pod.key, pod);
    this.#put(pod);
    const isLabelled = known !== undefined && known.nodeName !== "" && known.labels !== pod.labels && !isSame(known.labels, pod.labels);
    if (isLabelled || (known?.isDeleting !== pod.isDeleting && pod.nodeName !== "")) this.generation += 1;
  }

  deletePod(key: string): void {
    const known = this.pods.get(key);
    if (!known) return;
    this.#take(known);
    this.pods.delete(key);
    if (known.nodeName !== "") this.generation += 1;
  }

  inNamespace(namespace: string): Iterable<PodInfo> {
    return this.#byNamespace.get(namespace)?.values() ?? [];
  }

  ofController(uid: string): Iterable<PodInfo> {
    return this.#byController.get(uid)?.values() ?? [];
  }

  withAntiAffinity(): Iterable<PodInfo> {
    return this.#withAntiAffinity.values();
  }

  hasAntiAffinity(): boolean {
    return this.#withAntiAffinity.size > 0;
  }

  /** Pods whose own (anti-)affinity, required or preferred, speaks about others. */
  withAffinity(): Iterable<PodInfo> {
    return this.#withAffinity.values();
  }

  hasAffinity(): boolean {
    return this.#withAffinity.size > 0;
  }

  /** Pods that wait for room that preemption makes for them on this node. */
  nominatedOn(node: string): readonly PodInfo[] {
    return this.#nominated.get(node) ?? [];
  }

  /** Pods that wait for this scheduler. */
  waiting(): PodInfo[] {
    return [...this.pods.values()].filter(isWaiting);
  }

  /** The same picture with one node replaced, to try preemption on. */
  withNode(node: NodeInfo): Picture {
    const copy = new Picture();
    for (const [key, selector] of this.serviceSelectors) copy.serviceSelectors.set(key, selector);
    for (const [name, labels] of this.namespaceLabels) copy.namespaceLabels.set(name, labels);
    for (const other of this.nodes.values()) copy.nodes.set(other.facts.name, other.facts.name === node.facts.name ? node : other);
    for (const other of copy.nodes.values()) for (const pod of other.pods.values()) copy.#index(pod);
    copy.#nominated = this.#nominated;
    return copy;
  }

  #put(pod: PodInfo): void {
    if (pod.nodeName === "") {
      if (pod.nominatedNodeName !== "") this.#nominated.set(pod.nominatedNodeName, [...this.nominatedOn(pod.nominatedNodeName), pod]);
      return;
    }
    const node = this.nodes.get(pod.nodeName);
    if (node) node.add(pod);
    else this.#astray.set(pod.key, pod);
    this.#index(pod);
  }

  #index(pod: PodInfo): void {
    into(this.#byNamespace, pod.namespace, pod);
    if (pod.controllerUid !== undefined) into(this.#byController, pod.controllerUid, pod);
    if (pod.antiAffinity.length > 0) this.#withAntiAffinity.set(pod.uid, pod);
    const speaks = pod.affinity.length + pod.antiAffinity.length + pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
    if (speaks) this.#withAffinity.set(pod.uid, pod);
  }

  #take(pod: PodInfo): void {
    const nominated = this.nominatedOn(pod.nominatedNodeName).filter(({ uid }) => uid !== pod.uid);
    if (nominated.length > 0) this.#nominated.set(pod.nominatedNodeName, nominated);
    else this.#nominated.delete(pod.nominatedNodeName);
    this.nodes.get(pod.nodeName)?.remove(pod.uid);
    this.#astray.delete(pod.key);
    outOf(this.#byNamespace, pod.namespace, pod);
    if (pod.controllerUid !== undefined) outOf(this.#byController, pod.controllerUid, pod);
    this.#withAntiAffinity.delete(pod.uid);
    this.#withAffinity.delete(pod.uid);
  }
}

function into(index: Map<string, Map<string, PodInfo>>, key: string, pod: PodInfo): void {
  const group = index.get(key);
  if (group) group.set(pod.uid, pod);
  else index.set(key, new Map([[pod.uid, pod]]));
}

function outOf(index: Map<string, Map<string, PodInfo>>, key: string, pod: PodInfo): void {
  const group = index.get(key);
  group?.delete(pod.uid);
  if (group?.size === 0) index.delete(key);
}

function isSame(left: unknown, right: unknown): boolean {
  return text(left) === text(right);
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (item instanceof Map ? [...item] : item));
}
