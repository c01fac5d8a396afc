/** Which flow a request belongs to: the first FlowSchema that matches it, by precedence and then by name. */
import type {
  FlowcontrolSubject, FlowSchema, NonResourcePolicyRule, PriorityLevelConfiguration, ResourcePolicyRule,
} from "../../protocol/kubernetes/generated/types.ts";
import { levelsOf, type Level } from "./levels.ts";
import { mandatorySchemas } from "./suggested.ts";

/** What a request is classified by. */
export interface Digest {
  user: { name: string; groups: string[] };
  request:
    | { isResource: true; verb: string; group: string; resource: string; subresource: string; namespace: string }
    | { isResource: false; verb: string; path: string };
}

export interface Classification {
  schema: { name: string; uid: string };
  level: Level;
  /** Requests of one flow take turns with those of the others. */
  flow: string;
}

export interface Configuration {
  schemas: FlowSchema[];
  levels: Map<string, Level>;
}

/** Schemas that name no level that is there match nothing. */
export function configurationOf(schemas: readonly FlowSchema[], levels: readonly PriorityLevelConfiguration[]): Configuration {
  const known = levelsOf(levels);
  const mandatory = mandatorySchemas.filter(({ metadata }) => !schemas.some((one) => one.metadata?.name === metadata.name));
  const usable = [...schemas, ...mandatory].filter(({ spec }) => known.has(spec?.priorityLevelConfiguration.name ?? ""));
  const precedence = ({ spec }: FlowSchema) => spec?.matchingPrecedence ?? 1000;
  const name = ({ metadata }: FlowSchema) => metadata?.name ?? "";
  return { schemas: usable.toSorted((a, b) => precedence(a) - precedence(b) || (name(a) < name(b) ? -1 : 1)), levels: known };
}

/** Undefined: of nobody's schemas, as of a user in no group at all. */
export function classify({ schemas, levels }: Configuration, digest: Digest): Classification | undefined {
  const schema = schemas.find(({ spec }) => spec?.rules?.some((rule) =>
    rule.subjects.some((subject) => isSubject(subject, digest.user)) &&
    (digest.request.isResource
      ? (rule.resourceRules?.some((one) => coversResource(one, digest.request)) ?? false)
      : (rule.nonResourceRules?.some((one) => coversPath(one, digest.request)) ?? false))));
  const level = levels.get(schema?.spec?.priorityLevelConfiguration.name ?? "");
  if (schema === undefined || level === undefined) return undefined;
  const name = schema.metadata?.name ?? "";
  return { schema: { name, uid: schema.metadata?.uid ?? "" }, level, flow: `${name}/${distinguisherOf(schema, digest)}` };
}

function distinguisherOf({ spec }: FlowSchema, { user, request }: Digest): string {
  switch (spec?.distinguisherMethod?.type) {
    case "ByUser":
      return user.name;
    case "ByNamespace":
      return request.isResource ? request.namespace : "";
    default:
      return "";
  }
}

function isSubject(subject: FlowcontrolSubject, { name, groups }: Digest["user"]): boolean {
  switch (subject.kind) {
    case "User":
      return subject.user?.name === "*" || subject.user?.name === name;
    case "Group":
      return subject.group?.name === "*" || groups.includes(subject.group?.name ?? "");
    case "ServiceAccount": {
      const { namespace = "", name: account = "" } = subject.serviceAccount ?? {};
      const prefix = `system:serviceaccount:${namespace}:`;
      return account === "*" ? name.startsWith(prefix) : name === prefix + account;
    }
    default:
      return false;
  }
}

const includes = (list: string[], value: string): boolean => list.includes(value) || list.includes("*");

function coversResource(rule: ResourcePolicyRule, request: Digest["request"]): boolean {
  if (!request.isResource) return false;
  const { verb, group, resource, subresource, namespace } = request;
  const isInScope = namespace === "" ? rule.clusterScope === true : includes(rule.namespaces ?? [], namespace);
  return isInScope && includes(rule.verbs, verb) && includes(rule.apiGroups, group) && includes(rule.resources, subresource === "" ? resource : `${resource}/${subresource}`);
}

function coversPath(rule: NonResourcePolicyRule, request: Digest["request"]): boolean {
  if (request.isResource || !includes(rule.verbs, request.verb)) return false;
  const { path } = request;
  return rule.nonResourceURLs.some((url) => url === "*" || url === path || (url.endsWith("/*") && path.startsWith(url.slice(0, -1))));
}
