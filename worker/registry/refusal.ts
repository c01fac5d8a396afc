/** What the store's refusals are to a client. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError, type About } from "../../protocol/status.ts";
import { amountText } from "../resources/core/quota-measures.ts";
import { resourceByKey } from "../resources/registry.ts";
import { maximumTextBytes, type Claim, type ObjectKey, type Overspent, type WriteOperation, type WriteResult } from "../storage/store.ts";

export type Refusal = Extract<WriteResult, { ok: false }>;

/** The StatusError that an operation's refusal is; `object` is what was to be stored, if any. */
export function refusalOf(result: Refusal, operation: WriteOperation, object?: KubernetesObject): StatusError {
  const about = aboutOf(operation.key);
  const asked = operation.verb === "create" ? undefined : operation.expect.uid;
  switch (result.reason) {
    case "exists":
      return object?.metadata?.generateName ? StatusError.generateNameConflict(about) : StatusError.alreadyExists(about);
    case "not-found":
      return StatusError.notFound(about);
    case "uid-mismatch":
      return StatusError.uidConflict(about, asked ?? "", result.current?.uid ?? "");
    case "requirement":
      return requirementError(result, operation, about);
    case "claimed":
      return claimError(operation, operation.verb === "delete" ? undefined : operation.claims?.[result.at ?? 0]);
    case "too-large":
      return StatusError.requestEntityTooLarge(maximumTextBytes);
    case "over-budget":
      return StatusError.forbidden(about, quotaSentence(result.overspent));
    case "conflict":
    case "stale":
    case "aborted":
      return StatusError.conflict(about);
  }
}

/** `pods/default/web-0` → `pods "web-0"`. */
export function aboutOf(key: ObjectKey): About & { name: string } {
  const [resource = "", , name = ""] = key.split("/");
  const dot = resource.indexOf(".");
  if (dot < 0) return { group: "", kind: resource, name };
  return { group: resource.slice(dot + 1), kind: resource.slice(0, dot), name };
}

function requirementError(result: Refusal, operation: WriteOperation, about: About): StatusError {
  const requirement = operation.requires?.[result.at ?? 0];
  if (requirement === undefined) return StatusError.conflict(about);
  const needed = aboutOf(requirement.key);
  if (requirement.is === "absent") return StatusError.alreadyExists(needed);
  if (result.current === undefined) return StatusError.notFound(needed);
  if (needed.kind === "namespaces" && requirement.is === "active") {
    return StatusError.namespaceTerminating(about, needed.name);
  }
  return StatusError.conflict(needed);
}

/** As the admission plugin ResourceQuota says it. */
function quotaSentence(overspent: Overspent | undefined): string {
  const { budget = "", exceeded = [], lacking = {} } = overspent ?? {};
  const quota = budget.slice(budget.lastIndexOf("/") + 1);
  const missing = Object.entries(lacking).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([measure, names]) => `${measure} for: ${names.join(",")}`);
  if (missing.length > 0) return `failed quota: ${quota}: must specify ${missing.join("; ")}`;
  const all = (part: "requested" | "used" | "limit") => exceeded.map((one) => `${one.measure}=${amountText(one.measure, one[part])}`).join(",");
  return `exceeded quota: ${quota}, requested: ${all("requested")}, used: ${all("used")}, limited: ${all("limit")}`;
}

function claimError(operation: WriteOperation, claim: Claim | undefined): StatusError {
  const { group, kind, name } = aboutOf(operation.key);
  const about = { group, kind: resourceByKey(operation.key.split("/")[0] ?? "")?.kind ?? kind, name };
  return StatusError.invalid(about, [causeOf(claim)]);
}

function causeOf(claim: Claim | undefined): { reason: string; message: string; field: string } {
  const reason = "FieldValueInvalid";
  const value = claim?.value ?? "";
  switch (claim?.kind) {
    case "clusterIP":
      return {
        reason,
        field: "spec.clusterIPs",
        message: `Invalid value: ["${value}"]: failed to allocate IP ${value}: provided IP is already allocated`,
      };
    case "nodePort":
      return { reason, field: "spec.ports[0].nodePort", message: `Invalid value: ${value}: provided port is already allocated` };
    default:
      return { reason, field: "spec", message: `Invalid value: "${value}": is already allocated` };
  }
}
