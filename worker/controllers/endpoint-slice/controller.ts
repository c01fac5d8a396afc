/**
 * Services: their EndpointSlices, and the Endpoints object of the same name.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
 */
import type { Endpoints, EndpointSlice, Pod, Service } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { requirementsOf } from "../../../protocol/selectors.ts";
import type { Action, Controller, Reader, Reconciliation } from "../controller.ts";
import { isDeleting } from "../owner-references.ts";
import { isManagedEndpoints, mirroredGroups, planEndpoints } from "./endpoints-object.ts";
import { groupByPorts } from "./port-groups.ts";
import { managedByLabel, planSlices, serviceNameLabel, type SliceOwner } from "./slices.ts";

const endpointSliceController = "endpointslice-controller.k8s.io";
const mirroringController = "endpointslicemirroring-controller.k8s.io";
const skipMirrorLabel = "endpointslice.kubernetes.io/skip-mirror";

export interface ServiceSnapshot {
  service: Stored<Service> | undefined;
  /** Those that the selector matches. */
  pods: Stored<Pod>[];
  /** Slices that name the Service, whoever made them. */
  slices: Stored<EndpointSlice>[];
  endpoints: Stored<Endpoints> | undefined;
  seed: number;
}

export const serviceController: Controller<ServiceSnapshot> = {
  name: "services",
  async observe(reader, key) {
    const [, namespace = "", name = ""] = key.split("/");
    const ofService = [{ key: serviceNameLabel, operator: "In" as const, values: [name] }];
    const [service, slices, endpoints] = await Promise.all([
      reader.get<Service>(key),
      reader.list<EndpointSlice>({ resource: "endpointslices.discovery.k8s.io", namespace, labels: ofService }),
      reader.get<Endpoints>(`endpoints/${namespace}/${name}`),
    ]);
    const pods = hasSelector(service) ? await readPods(reader, namespace, service.spec.selector) : [];
    return { service, pods, slices, endpoints, seed: reader.seed };
  },
  reconcile: reconcileService,
};

const readPods = (reader: Reader, namespace: string, matchLabels: Record<string, string>): Promise<Stored<Pod>[]> =>
  reader.list<Pod>({ resource: "pods", namespace, labels: requirementsOf({ matchLabels }) });

export function reconcileService({ service, pods, slices, endpoints, seed }: ServiceSnapshot): Reconciliation {
  const managed = slices.filter((slice) => managerOf(slice) === endpointSliceController);
  const mirrored = slices.filter((slice) => managerOf(slice) === mirroringController);
  if (service === undefined || isDeleting(service)) {
    const leftover = endpoints !== undefined && isManagedEndpoints(endpoints) ? [endpoints] : [];
    return { actions: [...managed, ...mirrored, ...leftover].map(deletion) };
  }
  const owner: SliceOwner = { service, managedBy: endpointSliceController, seed };
  if (hasSelector(service)) {
    const groups = groupByPorts(service, pods);
    return { actions: [...planSlices(owner, groups, managed), ...planEndpoints(service, groups, endpoints), ...mirrored.map(deletion)] };
  }
  const isMirrored = endpoints?.subsets !== undefined && endpoints.metadata.labels?.[skipMirrorLabel] !== "true"
    && !isManagedEndpoints(endpoints);
  const mirroring = isMirrored
    ? planSlices({ ...owner, managedBy: mirroringController }, mirroredGroups(endpoints), mirrored)
    : mirrored.map(deletion);
  return { actions: [...managed.map(deletion), ...mirroring] };
}

const deletion = (object: Stored<Endpoints> | Stored<EndpointSlice>): Action => ({ type: "delete", object });

const managerOf = (slice: EndpointSlice): string | undefined => slice.metadata?.labels?.[managedByLabel];

type Selecting = Stored<Service> & { spec: { selector: Record<string, string> } };

/** Without a selector a Service's endpoints are its author's; an external name has none. */
function hasSelector(service: Stored<Service> | undefined): service is Selecting {
  const { selector, type } = service?.spec ?? {};
  return selector !== undefined && Object.keys(selector).length > 0 && type !== "ExternalName";
}
