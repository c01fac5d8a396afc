/** Nodes. */
import type { Node } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, column, nameColumn, wide } from "../columns.ts";
import { defineResource } from "../define.ts";
import { nodeErrors, nodeUpdateErrors } from "./node-rules.ts";
import { keepAllBut } from "../status-strategy.ts";

const info = (node: Node): NonNullable<Node["status"]>["nodeInfo"] => node.status?.nodeInfo;
const address = (type: string) => (node: Node) => node.status?.addresses?.find((one) => one.type === type)?.address ?? "<none>";

export const nodes = defineResource<Node>({
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  schema: "io.k8s.api.core.v1.Node",
  isNamespaced: false,
  applyDefaults({ status }) {
    if (status?.capacity !== undefined) status.allocatable ??= { ...status.capacity };
  },
  validate: nodeErrors,
  validateUpdate: nodeUpdateErrors,
  subresources: {
    // A kubelet writes its labels and annotations together with its status.
    status: { prepareForUpdate: (next, previous) => keepAllBut(next, previous, "status"), validateUpdate: () => [] },
  },
  columns: [
    nameColumn,
    column<Node>("Status", "Ready, and whether pods may be scheduled to it.", statusText),
    column<Node>("Roles", "The roles that its labels give it.", rolesText),
    ageColumn,
    column<Node>("Version", "The agent's version.", (node) => info(node)?.kubeletVersion ?? ""),
    column<Node>("Internal-IP", "Its address among the nodes.", address("InternalIP"), wide),
    column<Node>("External-IP", "Its address from outside.", address("ExternalIP"), wide),
    column<Node>("OS-Image", "Its operating system.", (node) => info(node)?.osImage || "<unknown>", wide),
    column<Node>("Kernel-Version", "Its kernel.", (node) => info(node)?.kernelVersion || "<unknown>", wide),
    column<Node>("Container-Runtime", "What runs its containers.", (node) => info(node)?.containerRuntimeVersion || "<unknown>", wide),
  ],
  selectableFields: ({ spec }) => ({ "spec.unschedulable": String(spec?.unschedulable ?? false) }),
  terms: ({ spec }) => (spec?.taints?.some(({ effect }) => effect === "NoExecute") === true ? ["no-execute"] : []),
  claims: ({ spec }) => (spec?.podCIDR ? [{ kind: "podCIDR", value: spec.podCIDR }] : []),
  isSettled: isReady,
});

function isReady({ status }: Stored<Node>): boolean {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

function statusText({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const text = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return spec?.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

const rolePrefix = "node-role.kubernetes.io/";

function rolesText({ metadata }: Node): string {
  const roles = Object.entries(metadata?.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)];
    return key === "kubernetes.io/role" ? [value] : [];
  });
  const named = [...new Set(roles.filter((role) => role !== ""))].sort();
  return named.length === 0 ? "<none>" : named.join(",");
}
