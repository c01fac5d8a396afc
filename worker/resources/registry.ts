/** The table of all kinds. Another kind: one file in the folder of its group, one line here. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { mutatingAdmissionPolicies } from "./admissionregistration/mutating-admission-policies.ts";
import { mutatingAdmissionPolicyBindings } from "./admissionregistration/mutating-admission-policy-bindings.ts";
import { mutatingWebhookConfigurations } from "./admissionregistration/mutating-webhook-configurations.ts";
import { validatingAdmissionPolicies } from "./admissionregistration/validating-admission-policies.ts";
import { validatingAdmissionPolicyBindings } from "./admissionregistration/validating-admission-policy-bindings.ts";
import { validatingWebhookConfigurations } from "./admissionregistration/validating-webhook-configurations.ts";
import { customResourceDefinitions } from "./apiextensions/custom-resource-definitions.ts";
import { apiServices } from "./apiregistration/api-services.ts";
import { controllerRevisions } from "./apps/controller-revisions.ts";
import { daemonSets } from "./apps/daemon-sets.ts";
import { deployments } from "./apps/deployments.ts";
import { replicaSets } from "./apps/replica-sets.ts";
import { statefulSets } from "./apps/stateful-sets.ts";
import { selfSubjectReviews } from "./authentication/self-subject-reviews.ts";
import { tokenReviews } from "./authentication/token-reviews.ts";
import {
  localSubjectAccessReviews, selfSubjectAccessReviews, selfSubjectRulesReviews, subjectAccessReviews,
} from "./authorization/access-reviews.ts";
import { autoscalersV1 } from "./autoscaling/autoscalers-v1.ts";
import { horizontalPodAutoscalers } from "./autoscaling/horizontal-pod-autoscalers.ts";
import { cronJobs } from "./batch/cron-jobs.ts";
import { jobs } from "./batch/jobs.ts";
import { certificateSigningRequests } from "./certificates/certificate-signing-requests.ts";
import { leases } from "./coordination/leases.ts";
import { bindings } from "./core/bindings.ts";
import { componentStatuses } from "./core/component-statuses.ts";
import { configMaps } from "./core/config-maps.ts";
import { endpoints } from "./core/endpoints.ts";
import { events } from "./core/events.ts";
import { limitRanges } from "./core/limit-ranges.ts";
import { namespaces } from "./core/namespaces.ts";
import { nodes } from "./core/nodes.ts";
import { persistentVolumeClaims } from "./core/persistent-volume-claims.ts";
import { persistentVolumes } from "./core/persistent-volumes.ts";
import { podTemplates } from "./core/pod-templates.ts";
import { pods } from "./core/pods.ts";
import { replicationControllers } from "./core/replication-controllers.ts";
import { resourceQuotas } from "./core/resource-quotas.ts";
import { secrets } from "./core/secrets.ts";
import { serviceAccounts } from "./core/service-accounts.ts";
import { services } from "./core/services.ts";
import { endpointSlices } from "./discovery/endpoint-slices.ts";
import { deviceClasses } from "./dynamic-resources/device-classes.ts";
import { resourceClaimTemplates } from "./dynamic-resources/resource-claim-templates.ts";
import { resourceClaims } from "./dynamic-resources/resource-claims.ts";
import { resourceSlices } from "./dynamic-resources/resource-slices.ts";
import { eventsOfGroup } from "./events/events-of-group.ts";
import { flowSchemas } from "./flowcontrol/flow-schemas.ts";
import { priorityLevelConfigurations } from "./flowcontrol/priority-level-configurations.ts";
import { ingressClasses } from "./networking/ingress-classes.ts";
import { ingresses } from "./networking/ingresses.ts";
import { ipAddresses } from "./networking/ip-addresses.ts";
import { networkPolicies } from "./networking/network-policies.ts";
import { serviceCidrs } from "./networking/service-cidrs.ts";
import { runtimeClasses } from "./node/runtime-classes.ts";
import { podDisruptionBudgets } from "./policy/pod-disruption-budgets.ts";
import { clusterRoleBindings } from "./rbac/cluster-role-bindings.ts";
import { clusterRoles } from "./rbac/cluster-roles.ts";
import { roleBindings } from "./rbac/role-bindings.ts";
import { roles } from "./rbac/roles.ts";
import { resourceKey, type Resource } from "./resource.ts";
import { priorityClasses } from "./scheduling/priority-classes.ts";
import { csiDrivers } from "./storage/csi-drivers.ts";
import { csiNodes } from "./storage/csi-nodes.ts";
import { csiStorageCapacities } from "./storage/csi-storage-capacities.ts";
import { storageClasses } from "./storage/storage-classes.ts";
import { volumeAttachments } from "./storage/volume-attachments.ts";
import { volumeAttributesClasses } from "./storage/volume-attributes-classes.ts";

/** In the order in which discovery lists them. */
export const resources: readonly Resource[] = [
  bindings,
  componentStatuses,
  configMaps,
  endpoints,
  events,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  podTemplates,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  customResourceDefinitions,
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
  selfSubjectReviews,
  tokenReviews,
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
  horizontalPodAutoscalers,
  autoscalersV1,
  cronJobs,
  jobs,
  podDisruptionBudgets,
  leases,
  eventsOfGroup,
  endpointSlices,
  priorityClasses,
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  certificateSigningRequests,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  ingressClasses,
  ingresses,
  ipAddresses,
  networkPolicies,
  serviceCidrs,
  runtimeClasses,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
  apiServices,
  flowSchemas,
  priorityLevelConfigurations,
  deviceClasses,
  resourceClaimTemplates,
  resourceClaims,
  resourceSlices,
];

const byPath = new Map(resources.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]));
/** Kinds that are stored as themselves: what walks over all objects meets each once. */
export const storedResources: readonly Resource[] = resources.filter(({ conversion, isStored }) => conversion === undefined && isStored !== false);

const byKey = new Map(storedResources.map((resource) => [resourceKey(resource), resource]));
const byKind = new Map(resources.map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]));

/** `v1`, `apps/v1`. */
export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource of a request path; group `""` is core. */
export function resourceFor(group: string, version: string, plural: string): Resource | undefined {
  return byPath.get(`${group}/${version}/${plural}`);
}

/** By the first part of an object key: `pods`, `deployments.apps`. */
export function resourceByKey(key: string): Resource | undefined {
  return byKey.get(key);
}

export function resourceByKind(apiVersion: string, kind: string): Resource | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

/** The resource of an object that says its own kind. */
export function resourceOf(object: KubernetesObject): Resource | undefined {
  return resourceByKind(object.apiVersion ?? "", object.kind ?? "");
}
