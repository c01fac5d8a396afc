/**
 * The roles and bindings that every cluster begins with
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings), as kube-apiserver
 * 1.35 has them; those of controllers are in ./controller-roles.ts.
 */
import type { ClusterRole, ClusterRoleBinding, PolicyRule, RbacSubject, Role, RoleBinding } from "../../../protocol/kubernetes/generated/types.ts";
import { aggregatedRules } from "./aggregation.ts";
import { controllerPrefix, controllerRoles, namespacedRoles } from "./controller-roles.ts";

/**
 * A role begins at the margin: its name, `to:x` the role that it is gathered into, `of:x` what it gathers. Its rules:
 * verbs, group, resources and names, or verbs and paths. `R` reads, `W` writes, `core` is the group without a name.
 */
const clusterRoles = `
cluster-admin
  * * *
  * *
admin of:admin
edit to:admin of:edit
view to:edit of:view
system:aggregate-to-admin to:admin
  create authorization.k8s.io localsubjectaccessreviews
  R,W rbac.authorization.k8s.io roles,rolebindings
system:aggregate-to-edit to:edit
  R core pods/attach,pods/proxy,pods/exec,pods/portforward,secrets,services/proxy
  impersonate core serviceaccounts
  W core pods,pods/attach,pods/proxy,pods/exec,pods/portforward
  create core pods/eviction
  W core replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/proxy,persistentvolumeclaims,configmaps,secrets,events
  create core serviceaccounts/token
  W apps statefulsets,statefulsets/scale,daemonsets,deployments,deployments/scale,deployments/rollback,replicasets,replicasets/scale
  W autoscaling horizontalpodautoscalers
  W batch jobs,cronjobs
  W extensions daemonsets,deployments,deployments/scale,deployments/rollback,ingresses,replicasets,replicasets/scale,replicationcontrollers/scale,networkpolicies
  W policy poddisruptionbudgets
  W networking.k8s.io networkpolicies,ingresses
  R,W coordination.k8s.io leases
  W resource.k8s.io resourceclaims,resourceclaimtemplates
system:aggregate-to-view to:view
  R core pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,configmaps
  R core limitranges,resourcequotas,bindings,events,pods/status,resourcequotas/status,namespaces/status,replicationcontrollers/status,pods/log
  R core namespaces
  R discovery.k8s.io endpointslices
  R apps controllerrevisions,statefulsets,statefulsets/status,statefulsets/scale,daemonsets,daemonsets/status,deployments,deployments/status,deployments/scale,replicasets,replicasets/status,replicasets/scale
  R autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
  R batch jobs,jobs/status,cronjobs,cronjobs/status
  R extensions daemonsets,daemonsets/status,deployments,deployments/status,deployments/scale,ingresses,ingresses/status,replicasets,replicasets/status,replicasets/scale,replicationcontrollers/scale,networkpolicies
  R policy poddisruptionbudgets,poddisruptionbudgets/status
  R networking.k8s.io networkpolicies,ingresses,ingresses/status
  R resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates
system:discovery
  get /livez,/readyz,/healthz,/version,/version/,/openapi,/openapi/*,/api,/api/*,/apis,/apis/*
system:public-info-viewer
  get /livez,/readyz,/healthz,/version,/version/
system:basic-user
  create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
  create authentication.k8s.io selfsubjectreviews
system:monitoring
  get /metrics,/metrics/slis,/livez,/readyz,/healthz,/livez/*,/readyz/*,/healthz/*
system:auth-delegator
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
system:service-account-issuer-discovery
  get /.well-known/openid-configuration,/openid/v1/jwks
system:certificates.k8s.io:certificatesigningrequests:nodeclient
  create certificates.k8s.io certificatesigningrequests/nodeclient
system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
  create certificates.k8s.io certificatesigningrequests/selfnodeclient
system:certificates.k8s.io:legacy-unknown-approver
  approve certificates.k8s.io signers kubernetes.io/legacy-unknown
system:certificates.k8s.io:kubelet-serving-approver
  approve certificates.k8s.io signers kubernetes.io/kubelet-serving
system:certificates.k8s.io:kube-apiserver-client-approver
  approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client
system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
  approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
system:node
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews,localsubjectaccessreviews
  R core services
  create,R core nodes
  update,patch core nodes/status
  update,patch core nodes
  create,update,patch core events
  R core pods
  create,delete core pods
  update,patch core pods/status
  create core pods/eviction
  R core secrets,configmaps
  get core persistentvolumeclaims,persistentvolumes
  get core endpoints
  create,R certificates.k8s.io certificatesigningrequests
  get,create,update,patch,delete coordination.k8s.io leases
  get storage.k8s.io volumeattachments
  create core serviceaccounts/token
  get,update,patch core persistentvolumeclaims/status
  R storage.k8s.io csidrivers
  get,create,update,patch,delete storage.k8s.io csinodes
  R node.k8s.io runtimeclasses
  get resource.k8s.io resourceclaims
  deletecollection resource.k8s.io resourceslices
  get,list,watch,create,update,patch,delete resource.k8s.io resourceslices
system:node-problem-detector
  get core nodes
  patch core nodes/status
  create,update,patch core,events.k8s.io events
system:node-proxier
  list,watch core services,endpoints
  R core nodes
  create,update,patch core,events.k8s.io events
  list,watch discovery.k8s.io endpointslices
  list,watch networking.k8s.io servicecidrs
system:kubelet-api-admin
  R core nodes
  proxy core nodes
  * core nodes/proxy,nodes/metrics,nodes/stats,nodes/log
  * core nodes/pods,nodes/healthz,nodes/configz
system:node-bootstrapper
  create,R certificates.k8s.io certificatesigningrequests
system:kube-aggregator
  R core services,endpoints
system:kube-controller-manager
  create,update,patch core,events.k8s.io events
  create coordination.k8s.io leases
  get,update coordination.k8s.io leases kube-controller-manager
  create core secrets,serviceaccounts
  delete core secrets
  get core namespaces,secrets,serviceaccounts,configmaps
  update core secrets,serviceaccounts
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
  list,watch * *
  create core serviceaccounts/token
system:kube-dns
  list,watch core endpoints,services
system:kube-scheduler
  create,update,patch core,events.k8s.io events
  create coordination.k8s.io leases
  get,update coordination.k8s.io leases kube-scheduler
  R core nodes
  delete,R core pods
  create core pods/binding,bindings
  patch,update core pods/status
  R core replicationcontrollers,services
  R apps,extensions replicasets
  R apps statefulsets
  R policy poddisruptionbudgets
  R core persistentvolumeclaims,persistentvolumes
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
  R storage.k8s.io csinodes
  R core namespaces
  R storage.k8s.io csidrivers
  R storage.k8s.io csistoragecapacities
  R resource.k8s.io deviceclasses
  R,patch,update resource.k8s.io resourceclaims
  patch,update resource.k8s.io resourceclaims/status
  R resource.k8s.io resourceslices
system:persistent-volume-provisioner
  get,list,watch,create,delete core persistentvolumes
  get,list,watch,update core persistentvolumeclaims
  R storage.k8s.io storageclasses
  watch core events
  create,update,patch core,events.k8s.io events
system:volume-scheduler
  R,update,patch core persistentvolumes
  R storage.k8s.io storageclasses
  R,update,patch core persistentvolumeclaims
`;

/** Where the role's name is the binding's. */
const clusterRoleBindings: [role: string, ...subjects: RbacSubject[]][] = [
  ["cluster-admin", group("system:masters")],
  ["system:monitoring", group("system:monitoring")],
  ["system:discovery", group("system:authenticated")],
  ["system:basic-user", group("system:authenticated")],
  ["system:public-info-viewer", group("system:authenticated"), group("system:unauthenticated")],
  ["system:node-proxier", user("system:kube-proxy")],
  ["system:kube-controller-manager", user("system:kube-controller-manager")],
  ["system:kube-dns", account("kube-dns")],
  ["system:kube-scheduler", user("system:kube-scheduler")],
  ["system:volume-scheduler", user("system:kube-scheduler")],
  // Nodes have what the node authorizer gives them.
  ["system:node"],
  ["system:service-account-issuer-discovery", group("system:serviceaccounts")],
];

const leaders = ["kube-controller-manager", "kube-scheduler"];

/** Who has a role of a namespace; a controller's is its account's. */
function subjectsIn(role: string): RbacSubject[] {
  if (role === "extension-apiserver-authentication-reader") return leaders.map((name) => user(`system:${name}`));
  const [, leader = ""] = role.split("system::leader-locking-");
  return leader === "" ? [account(role.slice(controllerPrefix.length))] : [user(`system:${leader}`), account(leader)];
}

export interface Policy {
  clusterRoles: Named<ClusterRole>[];
  clusterRoleBindings: Named<ClusterRoleBinding>[];
  roles: Named<Role>[];
  roleBindings: Named<RoleBinding>[];
}

type Named<T> = T & { metadata: { name: string; namespace?: string; labels: Record<string, string>; annotations: Record<string, string> } };

const apiGroup = "rbac.authorization.k8s.io";
const apiVersion = `${apiGroup}/v1`;

/** What the policy is made of: another text, another policy. */
export const policySource = (): string => JSON.stringify([clusterRoles, clusterRoleBindings, controllerRoles, namespacedRoles]);

let policy: Policy | undefined;

/** Aggregated roles have their rules already. Nobody may change what is in it. */
export function defaultPolicy(): Policy {
  return (policy ??= readPolicy());
}

function readPolicy(): Policy {
  const parsed = parse(clusterRoles);
  const controllers = parse(controllerRoles);
  const bindings = [...clusterRoleBindings, ...controllers.map(({ metadata: { name } }): [string, RbacSubject] => [name, account(name.slice(controllerPrefix.length))])];
  const roles = parse(namespacedRoles).map(inNamespace);
  return {
    // Gathered level by level: view, then edit, then admin.
    clusterRoles: [
      ...["view", "edit", "admin"].reduce((all, name) => all.map((role) => (role.metadata.name === name ? gathered(role, all) : role)), parsed),
      ...controllers,
    ],
    clusterRoleBindings: bindings.map(([name, ...subjects]) => ({
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: metadataOf(name),
      roleRef: { apiGroup, kind: "ClusterRole", name },
      ...(subjects.length === 0 ? {} : { subjects }),
    })),
    roles,
    roleBindings: roles.map(({ metadata: { name, namespace } }) => ({
      apiVersion,
      kind: "RoleBinding",
      metadata: { ...metadataOf(name.startsWith("system:") ? name : `system::${name}`), namespace },
      roleRef: { apiGroup, kind: "Role", name },
      subjects: subjectsIn(name),
    })),
  };
}

/** `namespace/name` */
function inNamespace({ metadata, rules }: Named<ClusterRole>): Named<Role> & { metadata: { namespace: string } } {
  const [name = "", namespace = "kube-system"] = metadata.name.split("/").toReversed();
  return { apiVersion, kind: "Role", metadata: { ...metadata, name, namespace }, ...(rules === undefined ? {} : { rules }) };
}

function gathered(role: Named<ClusterRole>, all: Named<ClusterRole>[]): Named<ClusterRole> {
  return { ...role, rules: aggregatedRules(role, all) };
}

function parse(text: string): Named<ClusterRole>[] {
  const roles: (Named<ClusterRole> & { rules: PolicyRule[] })[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith(" ")) roles.at(-1)?.rules.push(ruleOf(line.trim()));
    else if (line !== "") roles.push(roleOf(line));
  }
  return roles;
}

function roleOf(line: string): Named<ClusterRole> & { rules: PolicyRule[] } {
  const [name = "", ...marks] = line.split(" ");
  const marked = (mark: string) => marks.find((one) => one.startsWith(mark))?.slice(mark.length);
  const [to, of] = [marked("to:"), marked("of:")];
  return {
    apiVersion,
    kind: "ClusterRole",
    metadata: metadataOf(name, to === undefined ? {} : aggregationLabel(to)),
    ...(of === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregationLabel(of) }] } }),
    rules: [],
  };
}

function aggregationLabel(role: string): Record<string, string> {
  return { [`${apiGroup}/aggregate-to-${role}`]: "true" };
}

function metadataOf(name: string, labels: Record<string, string> = {}): Named<ClusterRole>["metadata"] {
  return {
    name,
    labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
    annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  };
}

const abbreviations: Record<string, string[]> = {
  R: ["get", "list", "watch"],
  W: ["create", "delete", "deletecollection", "patch", "update"],
  core: [""],
};

function ruleOf(line: string): PolicyRule {
  const [verbs = "", groups = "", resources, names] = line.split(" ");
  if (resources === undefined) return { verbs: listOf(verbs), nonResourceURLs: listOf(groups) };
  return {
    verbs: listOf(verbs),
    apiGroups: listOf(groups),
    resources: listOf(resources),
    ...(names === undefined ? {} : { resourceNames: listOf(names) }),
  };
}

function listOf(text: string): string[] {
  return text.split(",").flatMap((item) => abbreviations[item] ?? [item]).toSorted();
}

function group(name: string): RbacSubject {
  return { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name };
}

function user(name: string): RbacSubject {
  return { apiGroup: "rbac.authorization.k8s.io", kind: "User", name };
}

function account(name: string): RbacSubject {
  return { kind: "ServiceAccount", name, namespace: "kube-system" };
}
