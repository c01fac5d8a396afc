/** Services. Addresses and node ports are picked by the registry's service allocation. */
import type { Service } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, labelsText, nameColumn, wide } from "../columns.ts";
import { defineResource } from "../define.ts";
import { alignAddresses, dropFieldsOfType, serviceErrors, serviceUpdateErrors } from "./service-rules.ts";
import { serviceUses } from "./quota-uses.ts";
import { statusStrategy } from "../status-strategy.ts";
import { serviceWarnings } from "../warnings/services.ts";

export const services = defineResource<Service>({
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  schema: "io.k8s.api.core.v1.Service",
  isCreatedByUpdate: true,
  applyDefaults({ spec }) {
    if (spec !== undefined) applyDefaults(spec);
  },
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
  },
  prepareForUpdate(next, previous) {
    alignAddresses(next, previous);
    dropFieldsOfType(next, previous);
  },
  validate: serviceErrors,
  validateUpdate: serviceUpdateErrors,
  warnings: serviceWarnings,
  subresources: { status: statusStrategy<Service>() },
  columns: [
    nameColumn,
    column<Service>("Type", "How the Service is exposed.", ({ spec }) => spec?.type ?? ""),
    column<Service>("Cluster-IP", "Its address in the cluster.", ({ spec }) => spec?.clusterIPs?.[0] ?? (spec?.clusterIP || "<none>")),
    column<Service>("External-IP", "Its addresses outside of the cluster.", externalAddress),
    column<Service>("Port(s)", "Ports, with their node ports.", portsText),
    ageColumn,
    column<Service>("Selector", "Which pods it balances over.", ({ spec }) => labelsText(spec?.selector), wide),
  ],
  uses: serviceUses,
  selectableFields: ({ spec }) => ({ "spec.clusterIP": spec?.clusterIP ?? "", "spec.type": spec?.type ?? "" }),
  // A Service without a selector selects nothing: its endpoints are its author's.
  selector: ({ spec }) => (hasSelector(spec) ? { matchLabels: spec.selector } : undefined),
});

type Spec = NonNullable<Service["spec"]>;

function hasSelector(spec: Spec | undefined): spec is Spec & { selector: Record<string, string> } {
  return spec?.selector !== undefined && Object.keys(spec.selector).length > 0 && spec.type !== "ExternalName";
}

function applyDefaults(spec: Spec): void {
  spec.type ??= "ClusterIP";
  spec.sessionAffinity ??= "None";
  if (spec.sessionAffinity === "ClientIP") spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10800 } };
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.type !== "ExternalName") spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "NodePort" || spec.type === "LoadBalancer") spec.externalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
  for (const port of spec.ports ?? []) {
    port.protocol ??= "TCP";
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port;
    if (port.nodePort === 0) delete port.nodePort;
  }
}

function externalAddress({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "ExternalName":
      return spec.externalName ?? "<none>";
    case "LoadBalancer": {
      const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? "");
      const all = [...ingress, ...external].filter((address) => address !== "");
      return all.length === 0 ? "<pending>" : all.join(",");
    }
    default:
      return external.length === 0 ? "<none>" : external.join(",");
  }
}

function portsText({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map(({ port, nodePort, protocol = "TCP" }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.length === 0 ? "<none>" : ports.join(",");
}
