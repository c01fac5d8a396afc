/** Between access reviews and what authorization works with. */
import type {
  FieldSelectorAttributes, LabelSelectorAttributes, ResourceAttributes as Asked, SubjectAccessReviewSpec, SubjectRulesReviewStatus, UserInfo,
} from "../../protocol/kubernetes/generated/types.ts";
import { type FieldRequirement, type LabelRequirement, parseFieldSelector } from "../../protocol/selectors.ts";
import { parseLabelSelector } from "../resources/parse-label-selector.ts";
import type { Settings } from "../settings/settings.ts";
import { onResource, type Attributes } from "./attributes.ts";
import { rulesFor } from "./rbac/authorize.ts";
import { ruleIndexOf } from "./rbac/rule-index.ts";
import { namedUser, type User } from "./user.ts";

/** What a review that passed its rules asks for. */
export function attributesAsked({ resourceAttributes, nonResourceAttributes }: Pick<SubjectAccessReviewSpec, "resourceAttributes" | "nonResourceAttributes">): Attributes {
  if (resourceAttributes === undefined) return { isResource: false, verb: nonResourceAttributes?.verb ?? "", path: nonResourceAttributes?.path ?? "" };
  const { verb = "", group = "", version = "", resource = "", subresource = "", namespace = "", name = "" } = resourceAttributes;
  return onResource({ verb, group, version, resource, subresource, namespace, name, ...selectorsOf(resourceAttributes) });
}

function selectorsOf({ fieldSelector, labelSelector }: Asked): { fields?: FieldRequirement[]; labels?: LabelRequirement[] } {
  return {
    ...(fieldSelector === undefined ? {} : { fields: fieldsOf(fieldSelector) }),
    ...(labelSelector === undefined ? {} : { labels: labelsOf(labelSelector) }),
  };
}

/** What cannot be said with one value does not limit, as upstream. */
function fieldsOf({ rawSelector = "", requirements = [] }: FieldSelectorAttributes): FieldRequirement[] {
  if (rawSelector !== "") {
    const parsed = parseFieldSelector(rawSelector);
    return parsed.ok ? parsed.requirements : [];
  }
  return requirements.flatMap(({ key, operator, values = [] }): FieldRequirement[] => {
    const [value = ""] = values;
    if (values.length !== 1 || (operator !== "In" && operator !== "NotIn")) return [];
    return [{ field: key, operator: operator === "In" ? "=" : "!=", value }];
  });
}

function labelsOf({ rawSelector = "", requirements = [] }: LabelSelectorAttributes): LabelRequirement[] {
  if (rawSelector !== "") {
    const parsed = parseLabelSelector(rawSelector);
    return parsed.ok ? parsed.requirements : [];
  }
  return requirements as LabelRequirement[]; // their operators were checked
}

export function userAsked({ user = "", groups = [], uid, extra }: SubjectAccessReviewSpec): User {
  return namedUser({ name: user, groups, ...(uid ? { uid } : {}), ...(extra === undefined ? {} : { extra }) });
}

export function userInfoOf({ name, uid, groups, extra }: User): UserInfo {
  return { username: name, ...(uid ? { uid } : {}), groups, ...(extra === undefined ? {} : { extra }) };
}

/** All that a user may in a namespace, as far as rules say it. */
export function rulesReview(settings: Settings, user: User, namespace: string): SubjectRulesReviewStatus {
  const { rules, problems } = rulesFor(ruleIndexOf(settings), user, namespace);
  const isNode = user.node !== undefined;
  const errors = [...(isNode ? ["node authorizer does not support user rule resolution"] : []), ...(problems === "" ? [] : [problems])];
  return {
    resourceRules: rules.filter(({ resources = [] }) => resources.length > 0).map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      ...(apiGroups === undefined ? {} : { apiGroups }),
      ...(resources === undefined ? {} : { resources }),
      ...(resourceNames === undefined ? {} : { resourceNames }),
    })),
    nonResourceRules: rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0).map(({ verbs, nonResourceURLs }) => ({
      verbs,
      ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }),
    })),
    incomplete: isNode,
    ...(errors.length === 0 ? {} : { evaluationError: errors.join(", ") }),
  };
}
