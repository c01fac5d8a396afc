/** Rules of MutatingAdmissionPolicies and their bindings. Whether expressions are CEL is for whoever evaluates them. */
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutation } from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { invalid, notSupported, required } from "../rules/field-errors.ts";
import { commonBindingErrors, commonPolicyErrors } from "./common-policy-rules.ts";

const reinvocationPolicies = ["IfNeeded", "Never"];

export function mutatingPolicyErrors({ spec }: MutatingAdmissionPolicy): FieldError[] {
  const { mutations = [], reinvocationPolicy = "" } = spec ?? {};
  return [
    ...commonPolicyErrors(spec ?? {}),
    ...(mutations.length === 0 ? [required("spec.mutations", "mutations must contain at least one item")] : []),
    ...mutations.flatMap((mutation, at) => mutationErrors(`spec.mutations[${at}]`, mutation)),
    ...(reinvocationPolicy === "" ? [required("spec.reinvocationPolicy")] : []),
    ...(reinvocationPolicy === "" || reinvocationPolicies.includes(reinvocationPolicy)
      ? []
      : [notSupported("spec.reinvocationPolicy", reinvocationPolicy, reinvocationPolicies)]),
  ];
}

export const mutatingBindingErrors = ({ spec }: MutatingAdmissionPolicyBinding): FieldError[] => commonBindingErrors(spec ?? {});

/** Of each patch type the field that says it. */
const fieldOf = { ApplyConfiguration: "applyConfiguration", JSONPatch: "jsonPatch" } as const;
type PatchType = keyof typeof fieldOf;
const patchTypes = Object.keys(fieldOf);

function mutationErrors(path: string, mutation: Mutation): FieldError[] {
  const { patchType } = mutation;
  if (patchType === "") return [required(`${path}.patchType`)];
  if (!isPatchType(patchType)) return [notSupported(`${path}.patchType`, patchType, patchTypes)];
  const [own, other] = patchType === "JSONPatch" ? (["jsonPatch", "applyConfiguration"] as const) : (["applyConfiguration", "jsonPatch"] as const);
  return [
    ...patchErrors(`${path}.${own}`, mutation[own], patchType),
    ...(mutation[other] === undefined ? [] : [invalid(`${path}.${other}`, `{${other}}`, `must not specified when patchType is ${patchType}`)]),
  ];
}

const isPatchType = (text: string): text is PatchType => Object.hasOwn(fieldOf, text);

function patchErrors(path: string, patch: { expression?: string } | undefined, patchType: PatchType): FieldError[] {
  if (patch === undefined) return [required(path, `must be specified when patchType is ${patchType}`)];
  return (patch.expression ?? "").trim() === "" ? [required(`${path}.expression`, "expression is not specified")] : [];
}
