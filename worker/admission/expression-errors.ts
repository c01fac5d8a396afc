/** Policies and match conditions must be made of expressions that compile; found out when they are written. */
import type { ValidatingAdmissionPolicy, ValidatingWebhookConfiguration } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { loadCel } from "../cel/load.ts";
import { rejectInvalid } from "../registry/invalid.ts";
import type { Resource } from "../resources/resource.ts";
import { compile } from "./expressions.ts";

interface Placed {
  path: string;
  expression: string;
  /** What it has to yield; `dyn` will do, too. */
  type?: "bool" | "string";
}

export async function rejectUncompilable(resource: Resource, object: KubernetesObject): Promise<void> {
  const placed = resource.group === "admissionregistration.k8s.io" ? expressionsOf(resource, object) : [];
  if (placed.length === 0) return;
  const cel = await loadCel();
  rejectInvalid(resource, object, placed.flatMap(({ path, expression, type }) => {
    const program = compile(cel, expression);
    const why = "error" in program ? `compilation failed: ${program.error}` : wrongType(program.type, type);
    return why === undefined ? [] : [{ reason: "FieldValueInvalid" as const, path, message: `Invalid value: ${JSON.stringify(expression)}: ${why}` }];
  }));
}

function wrongType(found: string, wanted: string | undefined): string | undefined {
  return wanted === undefined || found === "dyn" || found === wanted ? undefined : `must evaluate to ${wanted}`;
}

function expressionsOf({ kind }: Resource, object: KubernetesObject): Placed[] {
  switch (kind) {
    case "ValidatingAdmissionPolicy":
      return ofPolicy(object);
    case "ValidatingWebhookConfiguration":
    case "MutatingWebhookConfiguration": {
      const { webhooks = [] }: ValidatingWebhookConfiguration = object;
      return webhooks.flatMap(({ matchConditions = [] }, hook) =>
        matchConditions.map(({ expression }, at): Placed => ({ path: `webhooks[${hook}].matchConditions[${at}].expression`, expression, type: "bool" })));
    }
    default:
      return [];
  }
}

function ofPolicy({ spec }: ValidatingAdmissionPolicy): Placed[] {
  const { matchConditions = [], variables = [], validations = [], auditAnnotations = [] } = spec ?? {};
  return [
    ...matchConditions.map(({ expression }, at): Placed => ({ path: `spec.matchConditions[${at}].expression`, expression, type: "bool" })),
    ...variables.map(({ expression }, at): Placed => ({ path: `spec.variables[${at}].expression`, expression })),
    ...validations.flatMap(({ expression, messageExpression }, at): Placed[] => [
      { path: `spec.validations[${at}].expression`, expression, type: "bool" },
      ...(messageExpression ? [{ path: `spec.validations[${at}].messageExpression`, expression: messageExpression, type: "string" as const }] : []),
    ]),
    ...auditAnnotations.map(({ valueExpression }, at): Placed => ({ path: `spec.auditAnnotations[${at}].valueExpression`, expression: valueExpression })),
  ];
}
