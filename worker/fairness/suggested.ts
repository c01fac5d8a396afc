/**
 * The FlowSchemas and PriorityLevelConfigurations that every cluster has: upstream's, with its shares. `exempt` and
 * `catch-all` are mandatory and in force whatever the cluster stores; the others are suggestions that may be changed.
 */
import type {
  FlowcontrolSubject, FlowSchema, NonResourcePolicyRule, PriorityLevelConfiguration, ResourcePolicyRule,
} from "../../protocol/kubernetes/generated/types.ts";

type Named<T> = T & { metadata: { name: string } };

const metadata = (name: string) => ({ name, annotations: { "apf.kubernetes.io/autoupdate-spec": "true" } });

interface Limits {
  shares: number;
  lendable: number;
  queues?: number;
  handSize?: number;
}

function level(name: string, { shares, lendable, queues, handSize = 6 }: Limits): Named<PriorityLevelConfiguration> {
  const limitResponse = queues === undefined ? { type: "Reject" } : { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } };
  return { metadata: metadata(name), spec: { type: "Limited", limited: { nominalConcurrencyShares: shares, lendablePercent: lendable, limitResponse } } };
}

export const mandatoryLevels: Named<PriorityLevelConfiguration>[] = [
  { metadata: metadata("exempt"), spec: { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } } },
  level("catch-all", { shares: 5, lendable: 0 }),
];

export const suggestedLevels: Named<PriorityLevelConfiguration>[] = [
  ...mandatoryLevels,
  level("system", { shares: 30, lendable: 33, queues: 64 }),
  level("node-high", { shares: 40, lendable: 25, queues: 64 }),
  level("leader-election", { shares: 10, lendable: 0, queues: 16, handSize: 4 }),
  level("workload-high", { shares: 40, lendable: 50, queues: 128 }),
  level("workload-low", { shares: 100, lendable: 90, queues: 128 }),
  level("global-default", { shares: 20, lendable: 50, queues: 128 }),
];

const group = (name: string): FlowcontrolSubject => ({ kind: "Group", group: { name } });
const user = (name: string): FlowcontrolSubject => ({ kind: "User", user: { name } });
const kubeSystem = (name: string): FlowcontrolSubject => ({ kind: "ServiceAccount", serviceAccount: { namespace: "kube-system", name } });
const everybody = [group("system:unauthenticated"), group("system:authenticated")];

const anyResource: ResourcePolicyRule = { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true };
const anyPath: NonResourcePolicyRule = { verbs: ["*"], nonResourceURLs: ["*"] };
const leases: ResourcePolicyRule = { verbs: ["get", "create", "update"], apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ["*"] };

interface Flow {
  level: string;
  precedence: number;
  subjects: FlowcontrolSubject[];
  by?: "ByUser" | "ByNamespace";
  /** Absent, with `paths`: everything. */
  resources?: ResourcePolicyRule[];
  paths?: NonResourcePolicyRule[];
}

function schema(name: string, { level: levelName, precedence, subjects, by, resources, paths }: Flow): Named<FlowSchema> {
  const isEverything = resources === undefined && paths === undefined;
  const resourceRules = isEverything ? [anyResource] : resources;
  const nonResourceRules = isEverything ? [anyPath] : paths;
  const rule = { subjects, ...(resourceRules ? { resourceRules } : {}), ...(nonResourceRules ? { nonResourceRules } : {}) };
  return {
    metadata: metadata(name),
    spec: {
      priorityLevelConfiguration: { name: levelName },
      matchingPrecedence: precedence,
      ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
      rules: [rule],
    },
  };
}

export const mandatorySchemas: Named<FlowSchema>[] = [
  schema("exempt", { level: "exempt", precedence: 1, subjects: [group("system:masters")] }),
  schema("catch-all", { level: "catch-all", precedence: 10_000, by: "ByUser", subjects: everybody }),
];

const nodeResources: ResourcePolicyRule[] = [
  { verbs: ["*"], apiGroups: [""], resources: ["nodes", "nodes/status"], namespaces: ["*"], clusterScope: true },
  { verbs: ["*"], apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ["*"] },
];

export const suggestedSchemas: Named<FlowSchema>[] = [
  ...mandatorySchemas,
  schema("probes", {
    level: "exempt",
    precedence: 2,
    subjects: everybody,
    paths: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
  }),
  schema("system-leader-election", {
    level: "leader-election",
    precedence: 100,
    by: "ByUser",
    subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler"), kubeSystem("*")],
    resources: [leases],
  }),
  schema("endpoint-controller", {
    level: "workload-high",
    precedence: 150,
    by: "ByUser",
    subjects: [user("system:kube-controller-manager"), kubeSystem("endpoint-controller"), kubeSystem("endpointslicemirroring-controller")],
    resources: [{ verbs: ["get", "create", "update"], apiGroups: [""], resources: ["endpoints"], namespaces: ["*"] }],
  }),
  schema("workload-leader-election", { level: "leader-election", precedence: 200, by: "ByUser", subjects: [kubeSystem("*")], resources: [leases] }),
  schema("system-node-high", { level: "node-high", precedence: 400, by: "ByUser", subjects: [group("system:nodes")], resources: nodeResources }),
  schema("system-nodes", { level: "system", precedence: 500, by: "ByUser", subjects: [group("system:nodes")] }),
  schema("kube-controller-manager", { level: "workload-high", precedence: 800, by: "ByNamespace", subjects: [user("system:kube-controller-manager")] }),
  schema("kube-scheduler", { level: "workload-high", precedence: 800, by: "ByNamespace", subjects: [user("system:kube-scheduler")] }),
  schema("kube-system-service-accounts", { level: "workload-high", precedence: 900, by: "ByNamespace", subjects: [kubeSystem("*")] }),
  schema("service-accounts", { level: "workload-low", precedence: 9_000, by: "ByUser", subjects: [group("system:serviceaccounts")] }),
  schema("global-default", { level: "global-default", precedence: 9_900, by: "ByUser", subjects: everybody }),
];
