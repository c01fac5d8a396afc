/**
 * Nobody grants what they do not hold: roles and bindings are written by who has all of their rules, or the verb
 * `escalate` on the role, or `bind` on the role that a binding names
 * (k8s.io/kubernetes/pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased).
 */
import type { ClusterRole, PolicyRule, RoleBinding } from "../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { Resource } from "../resources/resource.ts";
import type { Settings } from "../settings/settings.ts";
import { onResource } from "./attributes.ts";
import type { Authorize } from "./authorize.ts";
import { rulesFor } from "./rbac/authorize.ts";
import { describeRules, quotedList, uncovered } from "./rbac/covers.ts";
import { rolesIn, ruleIndexOf } from "./rbac/rule-index.ts";
import { isPrivileged, type User } from "./user.ts";

const rbacGroup = "rbac.authorization.k8s.io";

export interface Granting {
  user: User;
  resource: Resource;
  /** Of the path; `""` for kinds of the cluster. */
  namespace: string;
  next: KubernetesObject;
  /** Undefined: `next` is new. */
  previous?: KubernetesObject;
}

export interface GrantingPorts {
  authorize: Authorize;
  /** As they are now. */
  settings(): Promise<Settings>;
}

export async function restrictGrant(granting: Granting, ports: GrantingPorts): Promise<void> {
  const { user, resource, next, previous } = granting;
  if (resource.group !== rbacGroup || isPrivileged(user)) return;
  if (previous !== undefined && isForGarbageCollection(next, previous)) return;
  await (resource.plural.endsWith("bindings") ? restrictBinding(granting, ports) : restrictRole(granting, ports));
}

async function restrictRole(granting: Granting, ports: GrantingPorts): Promise<void> {
  const { user, resource, namespace, next, previous } = granting;
  const name = previous?.metadata?.name ?? "";
  const escalate = onResource({ verb: "escalate", group: rbacGroup, resource: resource.plural, namespace, name });
  if ((await ports.authorize(user, escalate)).isAllowed) return;
  const settings = await ports.settings();
  const role: ClusterRole = next;
  rejectUnheld(granting, settings, role.rules ?? []);
  // It may gather anything.
  if (role.aggregationRule === undefined && (previous as ClusterRole | undefined)?.aggregationRule === undefined) return;
  if (uncovered(heldBy(granting, settings).rules, everything).length === 0) return;
  throw StatusError.forbidden(aboutOf(granting), "must have cluster-admin privileges to use the aggregationRule");
}

const everything: PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

async function restrictBinding(granting: Granting, ports: GrantingPorts): Promise<void> {
  const { user, namespace, next } = granting;
  const { roleRef } = next as Partial<RoleBinding>;
  // Not a reference: planning refuses it.
  if (roleRef === undefined || !roleRef.name || !["Role", "ClusterRole"].includes(roleRef.kind)) return;
  const bind = onResource({ verb: "bind", group: rbacGroup, resource: `${roleRef.kind.toLowerCase()}s`, namespace, name: roleRef.name });
  if ((await ports.authorize(user, bind)).isAllowed) return;
  const settings = await ports.settings();
  const { rules, problem } = rolesIn(settings)(roleRef, namespace);
  if (problem !== undefined) throw StatusError.notFound({ group: rbacGroup, kind: roleRef.kind.toLowerCase(), name: roleRef.name });
  rejectUnheld(granting, settings, rules);
}

function rejectUnheld(granting: Granting, settings: Settings, wanted: readonly PolicyRule[]): void {
  const { rules, problems } = heldBy(granting, settings);
  const missing = uncovered(rules, wanted);
  if (missing.length === 0) return;
  const { name, groups } = granting.user;
  const who = `user ${JSON.stringify(name)} (groups=${quotedList(groups)})`;
  const unresolved = problems === "" ? "" : `; resolution errors: [${problems}]`;
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${describeRules(missing).join("\n")}${unresolved}`;
  throw StatusError.forbidden(aboutOf(granting), why);
}

function heldBy({ user, namespace }: Granting, settings: Settings): ReturnType<typeof rulesFor> {
  return rulesFor(ruleIndexOf(settings), user, namespace);
}

function aboutOf({ resource, next }: Granting): { group: string; kind: string; name: string } {
  return { group: resource.group, kind: resource.plural, name: next.metadata?.name ?? "" };
}

/** Owners and finalizers may be changed by who may write the object, or it could not end. */
function isForGarbageCollection(next: KubernetesObject, previous: KubernetesObject): boolean {
  return isEqual(withoutEnds(next), withoutEnds(previous));
}

function withoutEnds({ apiVersion: _a, kind: _k, metadata, ...rest }: KubernetesObject): object {
  const { ownerReferences: _o, finalizers: _f, resourceVersion: _r, managedFields: _m, ...meta } = metadata ?? {};
  return { ...rest, metadata: meta };
}
