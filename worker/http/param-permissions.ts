/**
 * Who writes policies with parameters must be allowed to read these: expressions show what is in them (upstream's
 * pkg/registry/admissionregistration/…/authz.go).
 */
import type { MutatingAdmissionPolicy, ParamKind, ValidatingAdmissionPolicy } from "../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { Binding } from "../admission/bound-policies.ts";
import { onResource, type ResourceAttributes } from "../auth/attributes.ts";
import { isPrivileged, type User } from "../auth/user.ts";
import { rejectInvalid } from "../registry/invalid.ts";
import { resourceByKind } from "../resources/custom/kinds.ts";
import { forbidden } from "../resources/rules/field-errors.ts";
import type { SettingResource } from "../resources/settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { Call } from "./context.ts";

type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;

/** Where the policies of a kind's bindings are. */
const policiesOf: Record<string, SettingResource> = {
  ValidatingAdmissionPolicyBinding: "validatingadmissionpolicies.admissionregistration.k8s.io",
  MutatingAdmissionPolicyBinding: "mutatingadmissionpolicies.admissionregistration.k8s.io",
};

export async function restrictParams(call: Call, next: KubernetesObject, previous?: KubernetesObject): Promise<void> {
  const { resource: { group, kind }, user } = call;
  if (group !== "admissionregistration.k8s.io" || isPrivileged(user)) return;
  if (kind.endsWith("AdmissionPolicy")) await restrictKind(call, next, previous);
  const policies = policiesOf[kind];
  if (policies !== undefined) await restrictReference(call, policies, next, previous);
}

async function restrictKind({ resource, user, authorize, settings }: Call, next: Policy, previous?: Policy): Promise<void> {
  const paramKind = next.spec?.paramKind;
  if (paramKind === undefined || isEqual(paramKind, previous?.spec?.paramKind)) return;
  const asked = reading(await settings(), paramKind, { namespace: "*", name: "*" });
  if ((await authorize(user, asked)).isAllowed) return;
  const which = `kind=${paramKind.kind ?? ""}, apiVersion=${paramKind.apiVersion ?? ""}`;
  const why = `user ${shown(user)} must have "get" permission on all objects of the referenced paramKind (${which})`;
  rejectInvalid(resource, next, [forbidden("spec.paramKind", why)]);
}

async function restrictReference(call: Call, policies: SettingResource, next: Binding, previous?: Binding): Promise<void> {
  const { resource, user, authorize } = call;
  const { paramRef, policyName } = next.spec ?? {};
  if (paramRef === undefined || (isEqual(paramRef, previous?.spec?.paramRef) && policyName === previous?.spec?.policyName)) return;
  const settings = await call.settings();
  const paramKind = settings.list<Policy>(policies).find(({ metadata }) => metadata.name === policyName)?.spec?.paramKind;
  const { namespace = "", name = "" } = paramRef;
  if ((await authorize(user, reading(settings, paramKind, { namespace, name }))).isAllowed) return;
  rejectInvalid(resource, next, [forbidden("spec.paramRef", `user ${shown(user)} does not have "get" permission on the object referenced by paramRef`)]);
}

/** Of what is not known, everything. */
function reading(settings: Settings, paramKind: ParamKind | undefined, which: { namespace: string; name: string }): ResourceAttributes {
  if (paramKind === undefined) return onResource({ verb: "get", group: "*", version: "*", resource: "*", ...which });
  const { apiVersion = "", kind = "" } = paramKind;
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return onResource({ verb: "get", group: group ?? "", version: version ?? "", resource: resourceByKind(settings, apiVersion, kind)?.plural ?? "*", ...which });
}

/** As Go shows its struct. */
function shown({ name, uid = "", groups, extra = {} }: User): string {
  const entries = Object.keys(extra).sort().map((key) => `${key}:[${(extra[key] ?? []).join(" ")}]`);
  return `&{${name} ${uid} [${groups.join(" ")}] map[${entries.join(" ")}]}`;
}
