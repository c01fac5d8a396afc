/**
 * Policies and match conditions must be made of expressions that compile, name what there is for them, and yield what is
 * asked of them; found out when they are written (upstream's pkg/apis/admissionregistration/validation).
 */
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy, ValidatingWebhookConfiguration } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { Cel, CelEnvironment, CelType, Compiled } from "../cel/cel.ts";
import { loadCel } from "../cel/load.ts";
import { rejectInvalid } from "../registry/invalid.ts";
import type { FieldError, Resource } from "../resources/resource.ts";
import type { Policy } from "./bound-policies.ts";
import { namespaceType, requestType, typesOfVariables } from "./expression-types.ts";

interface Placed {
  path: string;
  expression: string;
  /** What it may yield, as upstream calls it; absent: anything. `dyn` will always do. */
  types?: string[];
  isWithoutAuthorizer?: true;
  hasMessages?: true;
}

export async function rejectUncompilable(resource: Resource, object: KubernetesObject): Promise<void> {
  const expressions = resource.group === "admissionregistration.k8s.io" ? expressionsOf(resource.kind, object) : undefined;
  if (expressions === undefined || isNothing(expressions)) return;
  rejectInvalid(resource, object, errorsOf(await loadCel(), expressions));
}

export interface AllExpressions {
  hasParams: boolean;
  conditions: Placed[];
  variables: { name: string; expression: string }[];
  others: Placed[];
}

const isNothing = ({ conditions, variables, others }: AllExpressions): boolean => conditions.length + variables.length + others.length === 0;

/** Undefined: the kind has none. */
export function expressionsOf(kind: string, object: KubernetesObject): AllExpressions | undefined {
  switch (kind) {
    case "ValidatingAdmissionPolicy":
      return ofPolicy(object, ofValidations(object));
    case "MutatingAdmissionPolicy":
      return ofPolicy(object, ofMutations(object));
    case "ValidatingWebhookConfiguration":
    case "MutatingWebhookConfiguration":
      return { hasParams: false, conditions: ofWebhooks(object), variables: [], others: [] };
    default:
      return undefined;
  }
}

function ofPolicy({ spec }: Policy, others: Placed[]): AllExpressions {
  const { paramKind, matchConditions = [], variables = [] } = spec ?? {};
  const conditions = matchConditions.map(({ expression }, at): Placed => ({ path: `spec.matchConditions[${at}].expression`, expression, types: ["bool"] }));
  return { hasParams: paramKind !== undefined, conditions, variables, others };
}

export function errorsOf(cel: Cel, { hasParams, conditions, variables, others }: AllExpressions): FieldError[] {
  const params: Record<string, CelType> = hasParams ? { params: "dyn" } : {};
  const errors = conditionErrors(cel, conditions, params);
  if (variables.length + others.length === 0) return errors;
  const types = typesOfVariables(environmentFor(cel, { ...params, authorizer: "authorizer" }), variables, (at, program) => {
    errors.push(...problems({ path: `spec.variables[${at}].expression`, expression: variables[at]?.expression ?? "" }, program));
  });
  const environments = new Map<string, CelEnvironment>();
  for (const one of others) {
    const sort = `${one.isWithoutAuthorizer} ${one.hasMessages}`;
    const named: Record<string, CelType> = { ...params, ...(one.isWithoutAuthorizer ? {} : { authorizer: "authorizer" }), variables: types };
    const environment = environments.get(sort) ?? environmentFor(cel, named, one.hasMessages);
    environments.set(sort, environment);
    errors.push(...errorsIn(environment, one));
  }
  return errors;
}

/** They are met before variables are computed. */
function conditionErrors(cel: Cel, conditions: Placed[], params: Record<string, CelType>): FieldError[] {
  if (conditions.length === 0) return [];
  const environment = environmentFor(cel, { ...params, authorizer: "authorizer" });
  return conditions.flatMap((one) => errorsIn(environment, one));
}

const always: Record<string, CelType> = { object: "dyn", oldObject: "dyn", request: requestType, namespaceObject: namespaceType };

function environmentFor(cel: Cel, more: Record<string, CelType>, hasMessages: boolean = false): CelEnvironment {
  return cel.environment({ ...always, ...more }, { hasMessages });
}

function errorsIn(environment: CelEnvironment, placed: Placed): FieldError[] {
  return problems(placed, environment.compile(placed.expression));
}

function problems({ path, expression, types }: Placed, program: Compiled): FieldError[] {
  // The kind's own rules ask for one.
  if (expression.trim() === "") return [];
  const why = "error" in program ? program.error : wrongType(program.type, types);
  return why === undefined ? [] : [{ reason: "FieldValueInvalid", path, message: `Invalid value: ${JSON.stringify(expression)}: ${why}` }];
}

function wrongType(found: string, wanted: string[] | undefined): string | undefined {
  const type = found === "null" ? "null_type" : found.replaceAll("<", "(").replaceAll(">", ")");
  if (wanted === undefined || wanted.some((one) => fits(type, one))) return undefined;
  return `must evaluate to ${wanted.length === 1 ? wanted[0] : `one of [${wanted.join(" ")}]`} but got ${type}`;
}

/** Of an empty list, and of one of which nothing is known, the items may be of any type (`T`). */
function fits(found: string, wanted: string): boolean {
  const [, item] = /^list\((.*)\)$/.exec(wanted) ?? [];
  return found === "dyn" || found === wanted || (item !== undefined && /^list\((?:dyn|[A-Z])\)$/.test(found));
}

function ofWebhooks({ webhooks = [] }: ValidatingWebhookConfiguration): Placed[] {
  return webhooks.flatMap(({ matchConditions = [] }, hook) =>
    matchConditions.map(({ expression }, at): Placed => ({ path: `webhooks[${hook}].matchConditions[${at}].expression`, expression, types: ["bool"] })));
}

function ofValidations({ spec }: ValidatingAdmissionPolicy): Placed[] {
  const { validations = [], auditAnnotations = [] } = spec ?? {};
  return [
    ...validations.flatMap(({ expression, messageExpression }, at): Placed[] => [
      { path: `spec.validations[${at}].expression`, expression, types: ["bool"] },
      ...(messageExpression ? [{ path: `spec.validations[${at}].messageExpression`, expression: messageExpression, types: ["string"], isWithoutAuthorizer: true as const }] : []),
    ]),
    ...auditAnnotations.map(({ valueExpression }, at): Placed => ({
      path: `spec.auditAnnotations[${at}].valueExpression`, expression: valueExpression.trim(), types: ["string", "null_type"],
    })),
  ];
}

function ofMutations({ spec }: MutatingAdmissionPolicy): Placed[] {
  return (spec?.mutations ?? []).flatMap(({ applyConfiguration, jsonPatch }, at): Placed[] => [
    ...(applyConfiguration?.expression ? [{ path: `spec.mutations[${at}].applyConfiguration.expression`, expression: applyConfiguration.expression, types: ["Object"], hasMessages: true as const }] : []),
    ...(jsonPatch?.expression ? [{ path: `spec.mutations[${at}].jsonPatch.expression`, expression: jsonPatch.expression, types: ["list(JSONPatch)"], hasMessages: true as const }] : []),
  ]);
}
