/** What the control plane wants of this node, as far as it told. Pure: answers of polls go in, the newest picture comes out. */
import type { PollResponse } from "../../protocol/agent.ts";
import type { ConfigMap, EndpointSlice, Pod, Secret, Service } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";

type ByKey<T> = ReadonlyMap<string, Stored<T>>;

export interface DesiredState {
  clusterUid: string;
  epoch: number;
  revision: number;
  pods: ByKey<Pod>;
  configMaps: ByKey<ConfigMap>;
  secrets: ByKey<Secret>;
  services: ByKey<Service>;
  endpointSlices: ByKey<EndpointSlice>;
  /** The other nodes' pod networks, by node name; absent: not told yet. */
  peers?: ReadonlyMap<string, { address: string; podCidr: string }>;
}

export function emptyState(clusterUid: string): DesiredState {
  return { clusterUid, epoch: 0, revision: 0, pods: new Map(), configMaps: new Map(), secrets: new Map(), services: new Map(), endpointSlices: new Map() };
}

export type Applied =
  | { isAccepted: false; why: string }
  | {
      isAccepted: true;
      state: DesiredState;
      /** Keys of objects that came, changed or went. */
      changed: ReadonlySet<string>;
      /** Everything was named, by the cluster as it is now: what is beyond it may go. */
      isComplete: boolean;
    };

const resources = ["pods", "configMaps", "secrets", "services", "endpointSlices"] as const;
type Resource = (typeof resources)[number];
const keyNames: Record<Resource, string> = {
  pods: "pods",
  configMaps: "configmaps",
  secrets: "secrets",
  services: "services",
  endpointSlices: "endpointslices.discovery.k8s.io",
};

export function applyAnswer(state: DesiredState, answer: PollResponse): Applied {
  if (answer.clusterUid !== state.clusterUid) {
    return { isAccepted: false, why: `the answer is of another cluster (${answer.clusterUid}, this node belongs to ${state.clusterUid})` };
  }
  // A database that was restored may have lost what it wanted: it may add and change, but nothing is removed on its word.
  const isRestored = answer.epoch < state.epoch;
  const isComplete = answer.complete && !isRestored;
  const removed = isRestored ? [] : answer.removed;
  const changed = new Set<string>();
  const merge = <T>(resource: Resource, before: ByKey<T>, told: readonly Stored<T>[]): ByKey<T> => {
    return merged({ before, told, removed, isComplete, changed, keyName: keyNames[resource] });
  };
  const next: DesiredState = {
    clusterUid: state.clusterUid,
    epoch: answer.epoch,
    revision: answer.revision,
    pods: merge("pods", state.pods, answer.pods),
    configMaps: merge("configMaps", state.configMaps, answer.configMaps),
    secrets: merge("secrets", state.secrets, answer.secrets),
    services: merge("services", state.services, answer.services),
    endpointSlices: merge("endpointSlices", state.endpointSlices, answer.endpointSlices),
    ...peersOf(state, answer),
  };
  if (answer.peers !== undefined) changed.add("peers");
  return { isAccepted: true, state: next, changed, isComplete };
}

function peersOf(state: DesiredState, { peers }: PollResponse): Pick<DesiredState, "peers"> {
  if (peers === undefined) return state.peers === undefined ? {} : { peers: state.peers };
  return { peers: new Map(peers.map(({ name, ...peer }) => [name, peer])) };
}

interface Merge<T> {
  before: ByKey<T>;
  told: readonly Stored<T>[];
  removed: PollResponse["removed"];
  isComplete: boolean;
  changed: Set<string>;
  keyName: string;
}

function merged<T>({ before, told, removed, isComplete, changed, keyName }: Merge<T>): ByKey<T> {
  const goneKeys = removed.filter(({ key, uid }) => {
    const known = before.get(key);
    // Of another object that has had the same name since: that one stays.
    return known !== undefined && (uid === "" || known.metadata.uid === uid);
  });
  if (told.length === 0 && goneKeys.length === 0 && !isComplete) return before;
  const next = new Map(isComplete ? [] : before);
  for (const { key } of goneKeys) next.delete(key);
  for (const object of told) next.set(`${keyName}/${object.metadata.namespace ?? ""}/${object.metadata.name}`, object);
  for (const key of new Set([...before.keys(), ...next.keys()])) {
    const [old, now] = [before.get(key)?.metadata, next.get(key)?.metadata];
    if (old?.uid !== now?.uid || old?.resourceVersion !== now?.resourceVersion) changed.add(key);
  }
  return next;
}
