import { beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { Cel } from "../cel/cel.ts";
import { loadCel } from "../cel/load.ts";
import { errorsOf, expressionsOf } from "./expression-errors.ts";

let cel: Cel;
beforeAll(async () => {
  cel = await loadCel();
});

const said = (kind: string, object: KubernetesObject): string[] =>
  errorsOf(cel, expressionsOf(kind, object) ?? { hasParams: false, conditions: [], variables: [], others: [] }).map(({ path, message }) => `${path}: ${message.replace(/^Invalid value: "(?:[^"\\]|\\.)*": /, "").split("\n")[0]}`);

const undeclared = (name: string, at: string) => `compilation failed: ERROR: <input>:${at}: undeclared reference to '${name}' (in container '')`;

describe("a ValidatingAdmissionPolicy", () => {
  it.each<[string, object, string[]]>([
    ["names all that there is", {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      matchConditions: [{ name: "a", expression: "request.operation == 'CREATE' && has(params.data) && authorizer.requestResource.check('x').allowed()" }],
      variables: [{ name: "a", expression: "1" }, { name: "b", expression: "variables.a + 1" }],
      validations: [{ expression: "object == oldObject || variables.b == 2 || namespaceObject.metadata.labels['a'] == 'b'", messageExpression: "params.data.x + request.userInfo.username" }],
      auditAnnotations: [{ key: "a", valueExpression: "variables.a > 1 ? dyn('x') : null" }],
    }, []],
    ["has parameters only if it says of what kind", { validations: [{ expression: "params.a" }] }, [`spec.validations[0].expression: ${undeclared("params", "1:1")}`]],
    ["has no variables in its conditions", { variables: [{ name: "a", expression: "true" }], matchConditions: [{ name: "a", expression: "variables.a" }] }, [`spec.matchConditions[0].expression: ${undeclared("variables", "1:1")}`]],
    ["has variables in their order", { variables: [{ name: "a", expression: "variables.b" }, { name: "b", expression: "1" }] }, ["spec.variables[0].expression: compilation failed: ERROR: <input>:1:10: undefined field 'b'"]],
    ["knows its variables' types", { variables: [{ name: "a", expression: "1" }], validations: [{ expression: "variables.a == 'x'" }] }, ["spec.validations[0].expression: compilation failed: ERROR: <input>:1:1: found no matching overload for '_==_' applied to '(int, string)'"]],
    ["knows the request", { validations: [{ expression: "request.verb == 'x'" }] }, ["spec.validations[0].expression: compilation failed: ERROR: <input>:1:8: undefined field 'verb'"]],
    ["does not ask the authorizer for a message", { validations: [{ expression: "true", messageExpression: "authorizer.path('/').check('get').reason()" }] }, [`spec.validations[0].messageExpression: ${undeclared("authorizer", "1:1")}`]],
    ["validates with yes and no", { validations: [{ expression: "'yes'", messageExpression: "true" }] }, ["spec.validations[0].expression: must evaluate to bool but got string", "spec.validations[0].messageExpression: must evaluate to string but got bool"]],
    ["annotates with texts", { auditAnnotations: [{ key: "a", valueExpression: "1" }] }, ["spec.auditAnnotations[0].valueExpression: must evaluate to one of [string null_type] but got int"]],
    ["builds no messages", { validations: [{ expression: "Object{} == object" }] }, ["spec.validations[0].expression: compilation failed: ERROR: <input>:1:7: Unexpected character: '{'"]],
  ])("%s", (_, spec, errors) => {
    expect(said("ValidatingAdmissionPolicy", { spec })).toEqual(errors);
  });
});

describe("a MutatingAdmissionPolicy", () => {
  const apply = (expression: string) => ({ patchType: "ApplyConfiguration", applyConfiguration: { expression } });
  const patch = (expression: string) => ({ patchType: "JSONPatch", jsonPatch: { expression } });

  it.each<[string, object, string[]]>([
    ["builds objects and patches", { variables: [{ name: "a", expression: "1" }], mutations: [apply("Object{spec: Object.spec{a: variables.a}}"), patch("[JSONPatch{op: 'add', value: authorizer.path('/').check('get').allowed()}]"), patch("[]")] }, []],
    ["applies objects, and nothing else", { mutations: [apply('"I\'m a teapot!"'), patch("Object{}"), patch("[Object{}]")] }, [
      "spec.mutations[0].applyConfiguration.expression: must evaluate to Object but got string",
      "spec.mutations[1].jsonPatch.expression: must evaluate to list(JSONPatch) but got Object",
      "spec.mutations[2].jsonPatch.expression: must evaluate to list(JSONPatch) but got list(Object)",
    ]],
    ["builds messages only where it mutates", { variables: [{ name: "a", expression: "Object{}" }] }, ["spec.variables[0].expression: compilation failed: ERROR: <input>:1:7: Unexpected character: '{'"]],
  ])("%s", (_, spec, errors) => {
    expect(said("MutatingAdmissionPolicy", { spec })).toEqual(errors);
  });
});

it("webhooks have conditions that may ask the authorizer, but know of no parameters", () => {
  const conditions = ["authorizer.group('').resource('pods').check('get').allowed()", "params == null", "1", " "].map((expression) => ({ name: "a", expression }));
  expect(said("ValidatingWebhookConfiguration", { webhooks: [{ matchConditions: conditions }] })).toEqual([
    `webhooks[0].matchConditions[1].expression: ${undeclared("params", "1:1")}`,
    "webhooks[0].matchConditions[2].expression: must evaluate to bool but got int",
  ]);
});
