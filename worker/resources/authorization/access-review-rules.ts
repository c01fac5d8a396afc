/** Rules of the access reviews (k8s.io/kubernetes/pkg/apis/authorization/validation). */
import type {
  FieldSelectorAttributes, LabelSelectorAttributes, LocalSubjectAccessReview, ResourceAttributes, SelfSubjectAccessReview, SubjectAccessReview,
  SubjectAccessReviewSpec,
} from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { forbidden, invalid, notSupported, required } from "../rules/field-errors.ts";

type Asked = Pick<SubjectAccessReviewSpec, "resourceAttributes" | "nonResourceAttributes">;

export function subjectReviewErrors({ metadata, spec }: SubjectAccessReview): FieldError[] {
  return [...subjectErrors(spec), ...emptyMetadataErrors(metadata, "must be empty")];
}

export function selfReviewErrors({ metadata, spec }: SelfSubjectAccessReview): FieldError[] {
  return [...askedErrors(spec), ...emptyMetadataErrors(metadata, "must be empty")];
}

export function localReviewErrors({ metadata, spec }: LocalSubjectAccessReview): FieldError[] {
  const { namespace = "", ...rest } = metadata ?? {};
  const errors = [...subjectErrors(spec), ...emptyMetadataErrors(rest, "must be empty except for namespace")];
  const asked = spec.resourceAttributes;
  if (asked !== undefined && (asked.namespace ?? "") !== namespace) {
    errors.push(invalid("spec.resourceAttributes.namespace", asked.namespace ?? "", "must match metadata.namespace"));
  }
  if (spec.nonResourceAttributes !== undefined) {
    errors.push(invalid("spec.nonResourceAttributes", spec.nonResourceAttributes, "disallowed on this kind of request"));
  }
  return errors;
}

function subjectErrors(spec: SubjectAccessReviewSpec): FieldError[] {
  const { user = "", groups = [] } = spec;
  const isNobody = user === "" && groups.length === 0;
  return [...askedErrors(spec), ...(isNobody ? [invalid("spec.user", user, "at least one of user or group must be specified")] : [])];
}

function askedErrors({ resourceAttributes, nonResourceAttributes }: Asked): FieldError[] {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    return [invalid("spec.nonResourceAttributes", nonResourceAttributes, "cannot be specified in combination with resourceAttributes")];
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    return [required("spec.resourceAttributes", "exactly one of nonResourceAttributes or resourceAttributes must be specified")];
  }
  return selectorsErrors(resourceAttributes);
}

function emptyMetadataErrors(metadata: object | undefined, why: string): FieldError[] {
  const said = Object.entries(metadata ?? {}).filter(([field, value]) => field !== "managedFields" && value !== undefined && value !== null);
  return said.length === 0 ? [] : [invalid("metadata", Object.fromEntries(said), why)];
}

function selectorsErrors(attributes: ResourceAttributes | undefined): FieldError[] {
  return [
    ...selectorErrors("spec.resourceAttributes.fieldSelector", attributes?.fieldSelector),
    ...selectorErrors("spec.resourceAttributes.labelSelector", attributes?.labelSelector),
  ];
}

function selectorErrors(path: string, selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined): FieldError[] {
  if (selector === undefined) return [];
  const { rawSelector = "", requirements = [] } = selector;
  if (rawSelector !== "" && requirements.length > 0) {
    return [invalid(`${path}.rawSelector`, rawSelector, "may not specified at the same time as requirements")];
  }
  if (rawSelector === "" && requirements.length === 0) {
    const name = path.slice(path.lastIndexOf(".") + 1);
    return [required(`${path}.requirements`, `when ${name} is specified, requirements or rawSelector is required`)];
  }
  return requirements.flatMap((requirement, at) => requirementErrors(`${path}.requirements[${at}]`, requirement));
}

const operators = ["In", "NotIn", "Exists", "DoesNotExist"];

function requirementErrors(path: string, { key, operator, values = [] }: { key: string; operator: string; values?: string[] }): FieldError[] {
  const errors = key === "" ? [required(`${path}.key`, "must be specified")] : [];
  if (!operators.includes(operator)) return [...errors, notSupported(`${path}.operator`, operator, operators)];
  const takesValues = operator === "In" || operator === "NotIn";
  if (takesValues && values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  if (!takesValues && values.length > 0) errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  return errors;
}
