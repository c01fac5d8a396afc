/**
 * What an agent may do as its node: what its own pods and its own Node need (upstream's node authorizer, with its
 * reasons). What it may write into those objects: ./node-restriction.ts.
 */
import type { ResourceAttributes } from "./attributes.ts";

/** `ifBound`: allowed when a pod that is bound to the node is, or uses, the object. */
export interface NodeDecision {
  decision: "allow" | "deny" | "ifBound";
  reason: string;
}

const allow: NodeDecision = { decision: "allow", reason: "" };
const deny = (reason = ""): NodeDecision => ({ decision: "deny", reason });
const ifBound = (node: string): NodeDecision => ({
  decision: "ifBound",
  reason: `no relationship found between node '${node}' and this object`,
});

const readVerbs = ["get", "list", "watch"];
const updateVerbs = ["get", "update", "patch"];
const ownVerbs = ["get", "create", "update", "patch", "delete"];

/** Of resources that are not divided among nodes: the verbs that every node has. */
const common: Record<string, readonly string[]> = {
  "/services": readVerbs,
  "/endpoints": ["get"],
  "/events": ["create", "update", "patch"],
  "events.k8s.io/events": ["create", "update", "patch"],
  "discovery.k8s.io/endpointslices": readVerbs,
  "authentication.k8s.io/tokenreviews": ["create"],
  "authorization.k8s.io/subjectaccessreviews": ["create"],
  "authorization.k8s.io/localsubjectaccessreviews": ["create"],
  "authorization.k8s.io/selfsubjectaccessreviews": ["create"],
  "authentication.k8s.io/selfsubjectreviews": ["create"],
  "certificates.k8s.io/certificatesigningrequests": ["create", ...readVerbs],
  "storage.k8s.io/csidrivers": readVerbs,
  "node.k8s.io/runtimeclasses": readVerbs,
};

export function authorizeNode(node: string, attributes: ResourceAttributes): NodeDecision {
  const { verb, group, resource, subresource } = attributes;
  const id = `${group}/${resource}`;
  switch (id) {
    case "/nodes":
      return ownNode(node, attributes);
    case "/pods":
      return ownPod(node, attributes);
    case "/secrets":
    case "/configmaps":
    case "/persistentvolumeclaims":
    case "/persistentvolumes":
    case "resource.k8s.io/resourceclaims":
    case "storage.k8s.io/volumeattachments":
      return usedObject(node, attributes);
    case "/serviceaccounts":
      return accountToken(node, attributes);
    case "coordination.k8s.io/leases":
      return ownLease(node, attributes);
    case "storage.k8s.io/csinodes":
      return ownCsiNode(node, attributes);
    case "resource.k8s.io/resourceslices":
      return ownSlices(node, attributes);
    default:
      return subresource === "" && common[id]?.includes(verb) === true ? allow : deny();
  }
}

function ownNode(node: string, { verb, subresource, name }: ResourceAttributes): NodeDecision {
  if (subresource !== "" && subresource !== "status") return deny();
  const verbs = subresource === "" ? [...updateVerbs, "list", "watch"] : updateVerbs;
  if (!verbs.includes(verb)) return deny();
  return name === node ? allow : deny(`node '${node}' cannot ${readVerbs.includes(verb) ? "read" : verb} '${name}', only its own Node object`);
}

function ownPod(node: string, { verb, subresource, name, fields = [] }: ResourceAttributes): NodeDecision {
  switch (subresource) {
    case "":
      if (verb === "get" || verb === "delete") return name === "" ? deny() : ifBound(node);
      if (verb !== "list" && verb !== "watch") return deny();
      return limitsTo(fields, "spec.nodeName", node) ? allow : deny("can only list/watch pods with spec.nodeName field selector");
    case "status":
      return updateVerbs.includes(verb) ? ifBound(node) : deny();
    case "eviction":
      return verb === "create" ? ifBound(node) : deny();
    default:
      return deny();
  }
}

function limitsTo(fields: NonNullable<ResourceAttributes["fields"]>, field: string, value: string): boolean {
  return fields.some((one) => one.field === field && one.operator === "=" && one.value === value);
}

function usedObject(node: string, { verb, resource, subresource, name }: ResourceAttributes): NodeDecision {
  if (resource === "persistentvolumeclaims" && subresource === "status") {
    return updateVerbs.includes(verb) ? ifBound(node) : deny("can only get/update/patch this type");
  }
  if (subresource !== "") return deny("cannot get subresource");
  if (verb !== "get") return deny("can only get individual resources of this type");
  return name === "" ? deny("No Object name found") : ifBound(node);
}

function accountToken(node: string, { verb, subresource, name }: ResourceAttributes): NodeDecision {
  if (verb !== "create" || name === "") return deny("can only create tokens for individual service accounts");
  return subresource === "token" ? ifBound(node) : deny("can only create token subresource of service account");
}

function ownLease(node: string, { verb, namespace, name }: ResourceAttributes): NodeDecision {
  if (!ownVerbs.includes(verb)) return deny("can only get, create, update, patch, or delete a node lease");
  if (namespace !== "kube-node-lease") return deny('can only access leases in the "kube-node-lease" system namespace');
  // A create's name is in the body: ./node-restriction.ts looks at it.
  const isOwn = name === node || (verb === "create" && name === "");
  return isOwn ? allow : deny("can only access node lease with the same name as the requesting node");
}

function ownCsiNode(node: string, { verb, subresource, name }: ResourceAttributes): NodeDecision {
  if (subresource !== "") return deny("cannot authorize CSINode subresources");
  if (!ownVerbs.includes(verb)) return deny("can only get, create, update, patch, or delete a CSINode");
  const isOwn = name === node || (verb === "create" && name === "");
  return isOwn ? allow : deny("can only access CSINode with the same name as the requesting node");
}

function ownSlices(node: string, { verb, subresource, name, fields = [] }: ResourceAttributes): NodeDecision {
  if (subresource !== "") return deny("cannot authorize ResourceSlice subresources");
  switch (verb) {
    case "create":
      return allow;
    case "get":
    case "update":
    case "patch":
    case "delete":
      return name === "" ? deny("No Object name found") : ifBound(node);
    case "list":
    case "watch":
    case "deletecollection":
      return limitsTo(fields, "spec.nodeName", node) ? allow : deny("can only list/watch/deletecollection resourceslices with nodeName field selector");
    default:
      return deny("only the following verbs are allowed for ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection");
  }
}
