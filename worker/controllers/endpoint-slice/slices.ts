/**
 * Packs endpoints into EndpointSlices so that a change of one pod changes one slice: an endpoint stays in the slice
 * that it is in, a new one goes where there is room, and only then a slice is added.
 */
import type { EndpointSlice, Service } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action } from "../controller.ts";
import { isSame } from "../equality.ts";
import { generatedName } from "../names.ts";
import { controllerReference } from "../owner-references.ts";
import { keyOfGroup, type PortGroup, type WeightedEndpoint } from "./port-groups.ts";

export const managedByLabel = "endpointslice.kubernetes.io/managed-by";
export const serviceNameLabel = "kubernetes.io/service-name";
const headlessLabel = "service.kubernetes.io/headless";
/**
 * Weights of a slice's endpoints, as a JSON object from IP address to weight; an address that is not in it weighs 1.
 * An annotation, because an Endpoint has no field for it that survives; agents read it.
 */
export const weightsAnnotation = "kedge.dev/weights";
/** kube-controller-manager's --max-endpoints-per-slice. */
const maxEndpoints = 100;

export interface SliceOwner {
  service: Stored<Service>;
  managedBy: string;
  seed: number;
}

/** `existing`: the slices of this Service that this manager made. */
export function planSlices(owner: SliceOwner, wanted: PortGroup[], existing: Stored<EndpointSlice>[]): Action[] {
  const groups = wanted.length > 0 ? wanted : [placeholder];
  const left = new Set(existing);
  const claimed = groups.map((group) => takeMatching(group, left));
  const actions: Action[] = [];
  for (const [position, group] of groups.entries()) {
    const slices = claimed[position] ?? [];
    const spare = slices.length === 0 ? first(left) : undefined;
    if (spare !== undefined) left.delete(spare);
    actions.push(...planGroup(owner, group, spare === undefined ? slices : [spare], actions.length));
  }
  return [...actions, ...[...left].map((object): Action => ({ type: "delete", object }))];
}

/** A Service without endpoints keeps one slice that says so. */
const placeholder: PortGroup = { addressType: "IPv4", ports: [], endpoints: [] };

const first = <T>(set: Set<T>): T | undefined => set.values().next().value;

function takeMatching(group: PortGroup, left: Set<Stored<EndpointSlice>>): Stored<EndpointSlice>[] {
  const matching = [...left].filter((slice) => keyOfGroup(slice) === keyOfGroup(group));
  for (const slice of matching) left.delete(slice);
  return matching;
}

interface Bin {
  slice: Stored<EndpointSlice> | undefined;
  endpoints: WeightedEndpoint[];
}

function planGroup(owner: SliceOwner, group: PortGroup, slices: Stored<EndpointSlice>[], position: number): Action[] {
  const bins = pack(group, slices);
  return bins.flatMap(({ slice, endpoints }, index): Action[] => {
    if (slice === undefined) {
      const name = generatedName(`${owner.service.metadata.name}-`, owner.seed, position + index);
      return [{ type: "create", object: sliceOf(owner, group, endpoints, { metadata: { name } }) }];
    }
    if (endpoints.length === 0 && bins.length > 1) return [{ type: "delete", object: slice }];
    const next = sliceOf(owner, group, endpoints, slice);
    return isSame(next, slice) ? [] : [{ type: "update", object: { ...next, metadata: { ...slice.metadata, ...next.metadata } } }];
  });
}

/** The fullest slices are filled first, so that the others may empty and go. */
function pack({ endpoints }: PortGroup, slices: Stored<EndpointSlice>[]): Bin[] {
  const waiting = new Map(endpoints.map((each) => [addressOf(each.endpoint), each]));
  const bins: Bin[] = slices.map((slice) => ({
    slice,
    endpoints: slice.endpoints.flatMap((endpoint) => take(waiting, addressOf(endpoint)) ?? []),
  }));
  for (const bin of bins.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
    for (const [address, each] of waiting) {
      if (bin.endpoints.length >= maxEndpoints) break;
      waiting.delete(address);
      bin.endpoints.push(each);
    }
  }
  const rest = [...waiting.values()];
  for (let at = 0; at < rest.length; at += maxEndpoints) bins.push({ slice: undefined, endpoints: rest.slice(at, at + maxEndpoints) });
  return bins.length > 0 ? bins : [{ slice: undefined, endpoints: [] }];
}

const addressOf = ({ addresses, targetRef }: EndpointSlice["endpoints"][number]): string =>
  `${targetRef?.uid ?? ""} ${addresses[0] ?? ""}`;

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function sliceOf(owner: SliceOwner, group: PortGroup, endpoints: WeightedEndpoint[], base: Partial<EndpointSlice>): EndpointSlice {
  const { service, managedBy } = owner;
  const isHeadless = service.spec?.clusterIP === "None";
  const annotations = withWeights(base.metadata?.annotations, endpoints);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      ...base.metadata,
      namespace: service.metadata.namespace ?? "",
      generateName: `${service.metadata.name}-`,
      labels: {
        ...service.metadata.labels,
        ...(isHeadless ? { [headlessLabel]: "" } : {}),
        [serviceNameLabel]: service.metadata.name,
        [managedByLabel]: managedBy,
      },
      annotations,
      ownerReferences: [controllerReference(service)],
    },
    addressType: group.addressType,
    endpoints: endpoints.map(({ endpoint }) => endpoint),
    ports: group.ports,
  };
}

function withWeights(annotations: Record<string, string> | undefined, endpoints: WeightedEndpoint[]): Record<string, string> {
  const { [weightsAnnotation]: _old, ...others } = annotations ?? {};
  const weights = endpoints.flatMap(({ endpoint, weight }) => (weight === undefined ? [] : [[endpoint.addresses[0] ?? "", weight] as const]));
  return weights.length === 0 ? others : { ...others, [weightsAnnotation]: JSON.stringify(Object.fromEntries(weights)) };
}
