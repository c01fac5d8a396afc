/**
 * The status of a CustomResourceDefinition: which names it got, and whether it is served. Computed with every write, so
 * that a client that waits for Established need not wait; ../../controllers/custom-resource-definition.ts looks again
 * when a definition goes that held a name.
 */
import { isConditionTrue, type Condition, type CustomResourceDefinition, type Names } from "../custom/json-schema.ts";
import { isProtectedGroup } from "./definition-rules.ts";

type Status = NonNullable<CustomResourceDefinition["status"]>;

interface Conflict {
  reason: string;
  message: string;
}

/** `others`: all definitions; itself among them does not matter. `now` as the condition's time. */
export function definitionStatus(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[], now: string): Status {
  const { spec, status, metadata } = definition;
  if (spec === undefined) return status ?? {};
  const { accepted, conflict } = acceptNames(definition, others.filter((other) => other.metadata?.name !== metadata?.name && other.spec?.group === spec.group));
  const conditions = new Map((status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const set = (condition: Condition) => {
    const before = conditions.get(condition.type);
    const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? now) : now;
    conditions.set(condition.type, { lastTransitionTime, message: condition.message ?? "", reason: condition.reason ?? "", status: condition.status, type: condition.type });
  };
  set(conflict === undefined
    ? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" }
    : { type: "NamesAccepted", status: "False", ...conflict });
  // Once established it stays: its objects are there.
  if (conflict === undefined) set({ type: "Established", status: "True", reason: "InitialNamesAccepted", message: "the initial names have been accepted" });
  else if (!isConditionTrue(definition, "Established")) set({ type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" });
  if (isProtectedGroup(spec.group)) set(approvalCondition(metadata?.annotations?.["api-approved.kubernetes.io"] ?? ""));
  const storage = (spec.versions ?? []).find((version) => version.storage)?.name ?? "";
  const stored = status?.storedVersions ?? [];
  return { ...status, conditions: [...conditions.values()], acceptedNames: accepted, storedVersions: stored.includes(storage) ? stored : [...stored, storage] };
}

/** A name that another definition of the group holds is not given; what was given before stays. */
function acceptNames({ spec, status }: CustomResourceDefinition, others: CustomResourceDefinition[]): { accepted: Partial<Names>; conflict: Conflict | undefined } {
  const wanted: Names = spec?.names ?? { plural: "", kind: "" };
  const held = others.map((other) => other.status?.acceptedNames ?? {});
  const resources = new Set(held.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]));
  const kinds = new Set(held.flatMap(({ kind, listKind }) => [kind, listKind]));
  let conflict: Conflict | undefined;
  const isFree = (name: string | undefined, among: Set<string | undefined>, reason: string) => {
    if (name === undefined || !among.has(name)) return true;
    conflict = { reason, message: `${JSON.stringify(name)} is already in use` };
    return false;
  };
  const before = status?.acceptedNames ?? {};
  const plural = isFree(wanted.plural, resources, "PluralConflict") ? wanted.plural : before.plural;
  const singular = isFree(wanted.singular, resources, "SingularConflict") ? wanted.singular : before.singular;
  const areShortNamesFree = (wanted.shortNames ?? []).every((name) => isFree(name, resources, "ShortNamesConflict"));
  const shortNames = areShortNamesFree ? wanted.shortNames : before.shortNames;
  const kind = isFree(wanted.kind, kinds, "KindConflict") ? wanted.kind : before.kind;
  const listKind = isFree(wanted.listKind, kinds, "ListKindConflict") ? wanted.listKind : before.listKind;
  const accepted = { plural, singular, shortNames, kind, listKind, categories: wanted.categories };
  const given = Object.entries(accepted).filter(([, value]) => value !== undefined);
  return { accepted: { plural: "", kind: "", ...Object.fromEntries(given) }, conflict };
}

function approvalCondition(annotation: string): Condition {
  const type = "KubernetesAPIApprovalPolicyConformant";
  if (annotation.startsWith("unapproved")) return { type, status: "False", reason: "UnapprovedAnnotation", message: `not approved: ${JSON.stringify(annotation)}` };
  return { type, status: "True", reason: "ApprovedAnnotation", message: `approved in ${annotation}` };
}

export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

/** Its instances go before it does. */
export function terminating(status: Status | undefined, reason: string, message: string, now: string): Status {
  const others = (status?.conditions ?? []).filter(({ type }) => type !== "Terminating");
  const before = status?.conditions?.find(({ type }) => type === "Terminating");
  const value = reason === "InstanceDeletionCompleted" ? "False" : "True";
  const lastTransitionTime = before?.status === value ? (before.lastTransitionTime ?? now) : now;
  return { ...status, conditions: [...others, { lastTransitionTime, message, reason, status: value, type: "Terminating" }] };
}

