/** Rules of FlowSchemas and PriorityLevelConfigurations (pkg/apis/flowcontrol/validation). */
import type {
  FlowSchema,
  FlowcontrolSubject,
  LimitResponse,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { duplicatesAt, forbidden, invalid, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors } from "../rules/names.ts";

const largestPrecedence = 10_000;
const distinguishers = ["ByNamespace", "ByUser"];

export function flowSchemaErrors({ metadata, spec }: FlowSchema): FieldError[] {
  if (spec === undefined) return [required("spec.priorityLevelConfiguration.name", "must reference a priority level")];
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method, priorityLevelConfiguration: level } = spec;
  const path = "spec.matchingPrecedence";
  return [
    ...(precedence <= 0 ? [invalid(path, precedence, "must be a positive value")] : []),
    ...(precedence > largestPrecedence ? [invalid(path, precedence, `must not be greater than ${largestPrecedence}`)] : []),
    ...(precedence === 1 && metadata?.name !== "exempt" ? [invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1")] : []),
    ...(method === undefined || distinguishers.includes(method.type)
      ? []
      : [notSupported("spec.distinguisherMethod.type", method.type, distinguishers)]),
    ...(level.name
      ? invalidFor("spec.priorityLevelConfiguration.name", level.name, dns1123SubdomainErrors(level.name))
      : [required("spec.priorityLevelConfiguration.name", "must reference a priority level")]),
    ...(spec.rules ?? []).flatMap((rule, at) => ruleErrors(`spec.rules[${at}]`, rule)),
  ];
}

function ruleErrors(path: string, { subjects = [], resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects): FieldError[] {
  return [
    ...(subjects.length === 0 ? [required(`${path}.subjects`, "subjects must contain at least one value")] : []),
    ...subjects.flatMap((subject, at) => subjectErrors(`${path}.subjects[${at}]`, subject)),
    ...(resourceRules.length + nonResourceRules.length === 0
      ? [required(path, "at least one of resourceRules and nonResourceRules has to be non-empty")]
      : []),
    ...resourceRules.flatMap((rule, at) => resourceRuleErrors(`${path}.resourceRules[${at}]`, rule)),
    ...nonResourceRules.flatMap((rule, at) => nonResourceRuleErrors(`${path}.nonResourceRules[${at}]`, rule)),
  ];
}

const fieldOfKind = { Group: "group", ServiceAccount: "serviceAccount", User: "user" } as const;
const kinds = Object.keys(fieldOfKind) as (keyof typeof fieldOfKind)[];

function subjectErrors(path: string, subject: FlowcontrolSubject): FieldError[] {
  const kind = kinds.find((one) => one === subject.kind);
  if (kind === undefined) return [notSupported(`${path}.kind`, subject.kind, kinds)];
  const others = kinds.filter((other) => other !== kind && subject[fieldOfKind[other]] !== undefined);
  const own = fieldOfKind[kind];
  const named = subject[own];
  return [
    ...(named === undefined
      ? [required(`${path}.${own}`, `${own} is required when subject kind is '${kind}'`)]
      : [...(named.name === "" ? [required(`${path}.${own}.name`)] : []), ...accountErrors(`${path}.serviceAccount`, subject)]),
    ...others.map((other) => forbidden(`${path}.${fieldOfKind[other]}`, `${fieldOfKind[other]} is forbidden when subject kind is not '${other}'`)),
  ];
}

function accountErrors(path: string, { kind, serviceAccount }: FlowcontrolSubject): FieldError[] {
  if (kind !== "ServiceAccount" || serviceAccount === undefined) return [];
  const { name, namespace } = serviceAccount;
  return [
    ...(name === "" || name === "*" ? [] : invalidFor(`${path}.name`, name, dns1123SubdomainErrors(name))),
    ...(namespace === ""
      ? [required(`${path}.namespace`, "must specify namespace for service account")]
      : invalidFor(`${path}.namespace`, namespace, dns1123LabelErrors(namespace))),
  ];
}

const verbs = ["*", "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

function verbsErrors(path: string, given: string[]): FieldError[] {
  if (given.length === 0) return [required(path, "verbs must contain at least one value")];
  if (given.includes("*")) return loneWildcard(path, given, "verbs");
  return given.every((verb) => verbs.includes(verb)) ? [] : [notSupported(path, given, verbs)];
}

function loneWildcard(path: string, list: string[], what: string): FieldError[] {
  return list.length > 1 && list.includes("*") ? [invalid(path, list, `if '*' is present, must not specify other ${what}`)] : [];
}

type ResourceRule = NonNullable<PolicyRulesWithSubjects["resourceRules"]>[number];

function resourceRuleErrors(path: string, rule: ResourceRule): FieldError[] {
  const { apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule;
  return [
    ...verbsErrors(`${path}.verbs`, rule.verbs ?? []),
    ...(apiGroups.length === 0 ? [required(`${path}.apiGroups`, "resource rules must supply at least one api group")] : []),
    ...loneWildcard(`${path}.apiGroups`, apiGroups, "api groups"),
    ...(resources.length === 0 ? [required(`${path}.resources`, "resource rules must supply at least one resource")] : []),
    ...loneWildcard(`${path}.resources`, resources, "resources"),
    ...(namespaces.length === 0 && !clusterScope
      ? [required(`${path}.namespaces`, "resource rules that are not cluster scoped must supply at least one namespace")]
      : []),
    ...loneWildcard(`${path}.namespaces`, namespaces, "namespaces"),
    ...(namespaces.includes("*") ? [] : namespaces.flatMap((name, at) => namespaceErrors(`${path}.namespaces[${at}]`, name))),
  ];
}

function namespaceErrors(path: string, name: string): FieldError[] {
  return dns1123LabelErrors(name).map((why) => invalid(path, name, `each member of this list must be '*' or a DNS-1123 label; ${why}`));
}

type PathRule = NonNullable<PolicyRulesWithSubjects["nonResourceRules"]>[number];

function nonResourceRuleErrors(path: string, { verbs: given = [], nonResourceURLs: urls = [] }: PathRule): FieldError[] {
  const place = `${path}.nonResourceURLs`;
  return [
    ...verbsErrors(`${path}.verbs`, given),
    ...(urls.length === 0 ? [required(place, "nonResourceURLs must contain at least one value")] : []),
    ...loneWildcard(place, urls, "non-resource URLs"),
    ...(urls.includes("*") ? [] : urls.flatMap((url, at) => urlErrors(`${place}[${at}]`, url))),
  ];
}

/** `/healthz`, `/apis/*`: a wildcard is the whole last step. */
function urlErrors(path: string, url: string): FieldError[] {
  if (url === "") return [invalid(path, url, "must not be empty")];
  if (!url.startsWith("/")) return [invalid(path, url, "must start with slash")];
  if (url.includes(" ")) return [invalid(path, url, "must not contain white-space")];
  if (url.includes("//")) return [invalid(path, url, "must not contain double slash")];
  const star = url.indexOf("*");
  const isWholeStep = star === url.length - 1 && url[star - 1] === "/";
  return star < 0 || isWholeStep ? [] : [invalid(path, url, "wildcard can only do suffix matching")];
}

const levelTypes = ["Exempt", "Limited"];

export function priorityLevelErrors({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const { type = "", limited, exempt } = spec ?? {};
  if (!levelTypes.includes(type)) return [notSupported("spec.type", type, levelTypes)];
  const errors = (metadata?.name === "exempt") === (type === "Exempt")
    ? []
    : [invalid("spec.type", type, "type must be 'Exempt' if and only if name is 'exempt'")];
  if (type === "Exempt") {
    if (limited !== undefined) errors.push(forbidden("spec.limited", "must be nil if the type is not Limited"));
    return [...errors, ...sharesErrors("spec.exempt", exempt)];
  }
  if (exempt !== undefined) errors.push(forbidden("spec.exempt", "must be nil if the type is Limited"));
  if (limited === undefined) return [...errors, required("spec.limited", "must not be empty when type is Limited")];
  const { borrowingLimitPercent: borrowing } = limited;
  return [
    ...errors,
    ...sharesErrors("spec.limited", limited),
    ...(borrowing !== undefined && borrowing < 0
      ? [invalid("spec.limited.borrowingLimitPercent", borrowing, "if specified, must be a non-negative integer")]
      : []),
    ...responseErrors("spec.limited.limitResponse", limited.limitResponse),
  ];
}

function sharesErrors(path: string, level: { nominalConcurrencyShares?: number; lendablePercent?: number } | undefined): FieldError[] {
  const { nominalConcurrencyShares: shares = 0, lendablePercent: percent = 0 } = level ?? {};
  return [
    ...(shares < 0 ? [invalid(`${path}.nominalConcurrencyShares`, shares, "must be a non-negative integer")] : []),
    ...(percent < 0 || percent > 100 ? [invalid(`${path}.lendablePercent`, percent, "must be between 0 and 100, inclusive")] : []),
  ];
}

const responseTypes = ["Queue", "Reject"];

function responseErrors(path: string, response: LimitResponse | undefined): FieldError[] {
  const { type = "", queuing } = response ?? {};
  if (!responseTypes.includes(type)) return [notSupported(`${path}.type`, type, responseTypes)];
  if (type === "Reject") {
    return queuing === undefined ? [] : [forbidden(`${path}.queuing`, "must be nil if limited.limitResponse.type is not Limited")];
  }
  if (queuing === undefined) return [required(`${path}.queuing`, "must not be empty if limited.limitResponse.type is Limited")];
  return queuingErrors(`${path}.queuing`, queuing);
}

const mostQueues = 10_000_000;
const mostHashBits = 60;

function queuingErrors(path: string, { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration): FieldError[] {
  const errors = queueLengthLimit <= 0 ? [invalid(`${path}.queueLengthLimit`, queueLengthLimit, "must be positive")] : [];
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, "must be positive"));
  else if (queues > mostQueues) errors.push(invalid(`${path}.queues`, queues, `must not be greater than ${mostQueues}`));
  const bits = Math.ceil(Math.log2(queues) * handSize);
  if (handSize <= 0) errors.push(invalid(`${path}.handSize`, handSize, "must be positive"));
  else if (handSize > queues) errors.push(invalid(`${path}.handSize`, handSize, `should not be greater than queues (${queues})`));
  else if (bits > mostHashBits) {
    const why = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${mostHashBits}`;
    errors.push(invalid(`${path}.handSize`, handSize, why));
  }
  return errors;
}

/** Of a status: each type of condition once, and none without a type. */
export function conditionTypesErrors({ status }: { status?: { conditions?: { type?: string }[] } }): FieldError[] {
  const conditions = status?.conditions ?? [];
  return [
    ...conditions.flatMap(({ type = "" }, at) => (type === "" ? [required(`status.conditions[${at}].type`, "must not be empty")] : [])),
    ...duplicatesAt(conditions, ({ type }) => type, (at) => `status.conditions[${at}].type`),
  ];
}
