/**
 * What expressions of a ValidatingAdmissionPolicy do wrong with the kinds that it is about: no reason to refuse it, for
 * its status (upstream's pkg/admission/plugin/policy/validating/typechecking.go). Pure.
 */
import type { ExpressionWarning, MatchResources, ValidatingAdmissionPolicy } from "../../protocol/kubernetes/generated/types.ts";
import type { Cel, CelEnvironment, CelType } from "../cel/cel.ts";
import { resourceByKind, resourceFor } from "../resources/custom/kinds.ts";
import type { Resource } from "../resources/resource.ts";
import type { Settings } from "../settings/settings.ts";
import { namespaceType, requestType, typesOfVariables } from "./expression-types.ts";
import { typeOfKind } from "./kind-types.ts";

export function typeWarnings(cel: Cel, { spec }: ValidatingAdmissionPolicy, settings: Settings): ExpressionWarning[] {
  const { paramKind, matchConstraints, variables = [], validations = [] } = spec ?? {};
  const parameters = paramKind === undefined ? undefined : resourceByKind(settings, paramKind.apiVersion ?? "", paramKind.kind ?? "");
  const params: Record<string, CelType> = parameters === undefined ? {} : { params: typeOfKind(parameters) };
  const checks = kindsOf(matchConstraints, settings).map((resource): Check => {
    const object = typeOfKind(resource);
    const base = cel.environment({ object, oldObject: object, request: requestType, namespaceObject: namespaceType, authorizer: "authorizer", ...params });
    return { kind: nameOf(resource), environment: base.with({ variables: typesOfVariables(base, variables) }) };
  });
  return validations.flatMap(({ expression, messageExpression }, at) => [
    ...warningOf(`spec.validations[${at}].expression`, expression, checks),
    ...(messageExpression ? warningOf(`spec.validations[${at}].messageExpression`, messageExpression, checks) : []),
  ]);
}

interface Check {
  kind: string;
  environment: CelEnvironment;
}

function warningOf(fieldRef: string, expression: string, checks: Check[]): ExpressionWarning[] {
  const problems = checks.flatMap(({ kind, environment }) => {
    const program = environment.compile(expression);
    return "error" in program ? [`${kind}: ${program.error.replace(/^compilation failed: /, "")}\n`] : [];
  });
  return problems.length === 0 ? [] : [{ fieldRef, warning: problems.join("\n") }];
}

/** `apps/v1, Kind=Deployment` */
const nameOf = ({ group, version, kind }: Resource): string => `${group}/${version}, Kind=${kind}`;

const mostKinds = 10;

/** Those that rules name without wildcards, a bounded number of them, in order. */
function kindsOf(constraints: MatchResources | undefined, settings: Settings): Resource[] {
  const found = new Set<Resource>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of constraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((one) => one.includes("*"))) continue;
    for (const group of apiGroups.toSorted()) {
      for (const version of apiVersions.toSorted()) {
        for (const plural of resources.filter((one) => !/[*/]/.test(one)).toSorted()) {
          const resource = resourceFor(settings, group, version, plural);
          if (resource !== undefined && found.size < mostKinds) found.add(resource);
        }
      }
    }
  }
  const sortKey = ({ group, version, kind }: Resource): string => [group, version, kind].join("\u0000");
  return [...found].toSorted((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
}
