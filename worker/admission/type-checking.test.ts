import { beforeAll, describe, expect, it } from "vitest";
import type { Cel } from "../cel/cel.ts";
import { loadCel } from "../cel/load.ts";
import { settingsOf } from "../registry/admission/testing.ts";
import { typeWarnings } from "./type-checking.ts";

let cel: Cel;
beforeAll(async () => {
  cel = await loadCel();
});

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "gadgets", singular: "gadget", kind: "Gadget", listKind: "GadgetList" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer" } } } } } } }],
  },
  status: { conditions: [{ type: "Established", status: "True" }] },
};
const settings = settingsOf({ "customresourcedefinitions.apiextensions.k8s.io": [definition] });

const rule = (apiGroups: string[], resources: string[], apiVersions = ["v1"]) => ({ apiGroups, apiVersions, resources, operations: ["CREATE"] });
const deployments = rule(["apps"], ["deployments"]);

/** `0: kind: what is wrong`, of each message its first line. */
function warnings(expressions: string[], spec: object = {}, rules: object[] = [deployments]): string[] {
  const policy = { spec: { matchConstraints: { resourceRules: rules }, validations: expressions.map((expression) => ({ expression })), ...spec } };
  return typeWarnings(cel, policy as Parameters<typeof typeWarnings>[1], settings).map(({ fieldRef, warning }) =>
    `${fieldRef} ${warning.split("\n").filter((line) => !line.startsWith(" |") && line !== "").join("; ")}`);
}

const first = "spec.validations[0].expression";

describe("expressions fit their kinds", () => {
  it.each([
    "object.spec.replicas > 1 && object.metadata.namespace == 'a' && object.kind == 'Deployment'",
    "object.spec.template.spec.containers.all(c, c.image.startsWith('x') && quantity(c.resources.limits['cpu']).sign() == 1)",
    "oldObject == null || oldObject.spec.selector.matchLabels['a'] == object.metadata.labels['b']",
    "object.spec.strategy.rollingUpdate.maxSurge == 1 || object.spec.strategy.rollingUpdate.maxSurge == '25%'",
    "object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z') && !has(object.metadata.deletionTimestamp)",
    "authorizer.requestResource.check('x').allowed() && request.userInfo.groups.exists(g, g == 'a')",
  ])("%s", (expression) => {
    expect(warnings([expression])).toEqual([]);
  });
});

describe("is warned of", () => {
  it.each<[string, string[], string[]]>([
    ["fields that are not there", ["object.foo == 'bar'"], [`${first} apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'foo'`]],
    ["types that do not fit", ["object.spec.replicas > '1'"], [`${first} apps/v1, Kind=Deployment: ERROR: <input>:1:1: found no matching overload for '_>_' applied to '(int, string)'`]],
    ["only the broken ones", ["true", "object.bar"], ["spec.validations[1].expression apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'bar'"]],
    ["what the authorizer does not know", ["authorizer.allowed()"], [`${first} apps/v1, Kind=Deployment: ERROR: <input>:1:1: found no matching overload for 'allowed' applied to 'kubernetes.authorization.Authorizer.()'`]],
  ])("%s", (_, expressions, expected) => {
    expect(warnings(expressions)).toEqual(expected);
  });

  it("messages, variables, parameters", () => {
    expect(warnings([], { validations: [{ expression: "true", messageExpression: "'got ' + object.spec.replicas" }] })).toEqual([
      "spec.validations[0].messageExpression apps/v1, Kind=Deployment: ERROR: <input>:1:1: found no matching overload for '_+_' applied to '(string, int)'",
    ]);
    expect(warnings(["variables.replicas == 'x'", "variables.none"], { variables: [{ name: "replicas", expression: "object.spec.replicas" }] })).toEqual([
      `${first} apps/v1, Kind=Deployment: ERROR: <input>:1:1: found no matching overload for '_==_' applied to '(int, string)'`,
      "spec.validations[1].expression apps/v1, Kind=Deployment: ERROR: <input>:1:10: undefined field 'none'",
    ]);
    expect(warnings(["params.data['a'] == 'b'", "params.spec"], { paramKind: { apiVersion: "v1", kind: "ConfigMap" } })).toEqual([
      "spec.validations[1].expression apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'spec'",
    ]);
  });

  it("each kind by itself, custom ones too, and none that a wildcard names", () => {
    const rules = [rule(["apps", ""], ["pods", "replicasets", "pods/status"]), rule(["example.com"], ["gadgets"]), rule(["apps"], ["*"]), rule(["apps"], ["statefulsets"], ["*"])];
    expect(warnings(["object.spec.size == 1"], {}, rules)).toEqual([
      `${first} /v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'size'; apps/v1, Kind=ReplicaSet: ERROR: <input>:1:12: undefined field 'size'`,
    ]);
  });
});

it("shows the place, as upstream", () => {
  const policy = { spec: { matchConstraints: { resourceRules: [deployments] }, validations: [{ expression: "object.foo == 1" }] } };
  expect(typeWarnings(cel, policy as Parameters<typeof typeWarnings>[1], settings)).toEqual([
    { fieldRef: first, warning: "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'foo'\n | object.foo == 1\n | ......^\n" },
  ]);
});
