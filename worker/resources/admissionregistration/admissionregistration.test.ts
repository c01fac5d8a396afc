import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf } from "../testing.ts";

const of = (kind: string, rest: object): KubernetesObject => ({ apiVersion: "admissionregistration.k8s.io/v1", kind, metadata: { name: "x" }, ...rest });
const rule = { operations: ["CREATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] };
const hook = { name: "a.example.com", clientConfig: { url: "https://example.com/a" }, sideEffects: "None", admissionReviewVersions: ["v1"], rules: [rule] };
const hooks = (...webhooks: object[]): KubernetesObject => of("ValidatingWebhookConfiguration", { webhooks: webhooks.map((one) => ({ ...hook, ...one })) });
const policy = (rest: object): KubernetesObject => of("ValidatingAdmissionPolicy", { spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: "true" }], ...rest } });
const binding = (rest: object): KubernetesObject => of("ValidatingAdmissionPolicyBinding", { spec: { policyName: "p", validationActions: ["Deny"], ...rest } });
const mutation = { patchType: "JSONPatch", jsonPatch: { expression: "[]" } };
const mutating = (rest: object): KubernetesObject =>
  ({ ...of("MutatingAdmissionPolicy", { spec: { matchConstraints: { resourceRules: [rule] }, mutations: [mutation], reinvocationPolicy: "Never", ...rest } }), apiVersion: "admissionregistration.k8s.io/v1beta1" });
const mutatingBinding = (rest: object): KubernetesObject =>
  ({ ...of("MutatingAdmissionPolicyBinding", { spec: { policyName: "p", ...rest } }), apiVersion: "admissionregistration.k8s.io/v1beta1" });

describe("is refused", () => {
  const client = "webhooks[0].clientConfig";
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a webhook of two segments", hooks({ name: "a.b" }), ['webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots']],
    ["two webhooks of one name", hooks({}, {}), ['webhooks[1].name: Duplicate value: "a.example.com"']],
    ["a webhook that is nowhere", hooks({ clientConfig: {} }), [`${client}: Required value: exactly one of url or service is required`]],
    ["a webhook in two places", hooks({ clientConfig: { url: "https://a", service: { name: "s", namespace: "n" } } }), [`${client}: Required value: exactly one of url or service is required`]],
    ["a webhook without TLS", hooks({ clientConfig: { url: "http://example.com" } }), [`${client}.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`]],
    ["a webhook with a password in its URL", hooks({ clientConfig: { url: "https://u:p@example.com/?q=1#f" } }), [
      `${client}.url: Invalid value: "u:p": user information is not permitted in the URL`,
      `${client}.url: Invalid value: "f": fragments are not permitted in the URL`,
      `${client}.url: Invalid value: "q=1": query parameters are not permitted in the URL`,
    ]],
    ["a Service without a namespace, at a strange path", hooks({ clientConfig: { service: { name: "s", path: "a/b" } } }), [
      `${client}.service.namespace: Required value: service namespace is required`,
      `${client}.service.path: Invalid value: "a/b": must start with a '/'`,
      `${client}.service.path: Invalid value: "a/b": segment[0] may not be empty`,
    ]],
    ["a webhook whose side effects are unknown", hooks({ sideEffects: "Unknown" }), ['webhooks[0].sideEffects: Unsupported value: "Unknown": supported values: "None", "NoneOnDryRun"']],
    ["a webhook that says nothing of side effects", hooks({ sideEffects: undefined }), ["webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun"]],
    ["a patience of a minute", hooks({ timeoutSeconds: 60 }), ["webhooks[0].timeoutSeconds: Invalid value: 60: the timeout value must be between 1 and 30 seconds"]],
    ["a version of reviews that nobody speaks", hooks({ admissionReviewVersions: ["v9"] }), ['webhooks[0].admissionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1']],
    ["every operation and one more", hooks({ rules: [{ ...rule, operations: ["*", "CREATE"] }] }), [`webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`]],
    ["an operation that is none", hooks({ rules: [{ ...rule, operations: ["READ"] }] }), ['webhooks[0].rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"']],
    ["what a wildcard covers already", hooks({ rules: [{ ...rule, resources: ["pods/*", "pods/log"] }] }), [`webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`]],
    ["two conditions of one name", hooks({ matchConditions: [{ name: "c", expression: "true" }, { name: "c", expression: " " }] }), ["webhooks[0].matchConditions[1].expression: Required value", 'webhooks[0].matchConditions[1].name: Duplicate value: "c"']],
    ["a policy that checks nothing", policy({ validations: [] }), ["validations", "auditAnnotations"].map((field) => `spec.${field}: Required value: validations or auditAnnotations must contain at least one item`)],
    ["a policy that matches nothing", policy({ matchConstraints: undefined }), ["spec.matchConstraints: Required value"]],
    ["a policy of a misspelt kind of parameters", policy({ paramKind: { apiVersion: "a/b/c", kind: "" } }), ['spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c', "spec.paramKind.kind: Required value"]],
    ["a variable that CEL reserves", policy({ variables: [{ name: "if", expression: "1" }] }), ['spec.variables[0].name: Invalid value: "if": name is not a valid CEL identifier']],
    ["a message over two lines", policy({ validations: [{ expression: "true", message: "a\nb" }] }), ['spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks']],
    ["a reason that is none of the API's", policy({ validations: [{ expression: "true", reason: "Bored" }] }), ['spec.validations[0].reason: Unsupported value: "Bored": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"']],
    ["a binding to no policy", binding({ policyName: undefined }), ["spec.policyName: Required value"]],
    ["a binding without an action", binding({ validationActions: [] }), ["spec.validationActions: Required value: at least one validation action is required"]],
    ["a binding that denies and warns", binding({ validationActions: ["Deny", "Warn"] }), ['spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)']],
    ["parameters by name and by selector", binding({ paramRef: { name: "a", selector: {}, parameterNotFoundAction: "Deny" } }), ["name", "selector"].map((field) => `spec.paramRef.${field}: Forbidden: name and selector are mutually exclusive`)],
    ["a policy that changes nothing, and does not say how often", mutating({ mutations: [], reinvocationPolicy: undefined }), ["spec.mutations: Required value: mutations must contain at least one item", "spec.reinvocationPolicy: Required value"]],
    ["a policy that mutates as often as it likes", mutating({ reinvocationPolicy: "Always" }), ['spec.reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"']],
    ["a mutation of no type, or of an unknown one", mutating({ mutations: [{ patchType: "" }, { patchType: "Strategic" }] }), ["spec.mutations[0].patchType: Required value", 'spec.mutations[1].patchType: Unsupported value: "Strategic": supported values: "ApplyConfiguration", "JSONPatch"']],
    ["a mutation without its patch, or with the other one", mutating({ mutations: [{ patchType: "ApplyConfiguration" }, { patchType: "ApplyConfiguration", jsonPatch: { expression: "[]" }, applyConfiguration: { expression: " " } }] }), [
      "spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration",
      "spec.mutations[1].applyConfiguration.expression: Required value: expression is not specified",
      'spec.mutations[1].jsonPatch: Invalid value: "{jsonPatch}": must not specified when patchType is ApplyConfiguration',
    ]],
    ["a mutating policy that matches nothing", mutating({ matchConstraints: undefined }), ["spec.matchConstraints: Required value"]],
    ["a binding of nothing that mutates", mutatingBinding({ policyName: undefined, paramRef: {} }), ["spec.policyName: Required value", "spec.paramRef: Required value: one of name or selector must be specified", "spec.paramRef.parameterNotFoundAction: Required value"]],
    ["parameters that may be missing without a word", binding({ paramRef: { name: "a" } }), ["spec.paramRef.parameterNotFoundAction: Required value"]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("a webhook is patient for ten seconds, fails closed, and is asked about every namespace", () => {
  const service = { name: "s", namespace: "n" };
  expect(created(of("MutatingWebhookConfiguration", { webhooks: [{ ...hook, clientConfig: { service } }] }))).toMatchObject({
    webhooks: [{
      clientConfig: { service: { ...service, port: 443 } },
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      reinvocationPolicy: "Never",
      rules: [{ ...rule, scope: "*" }],
      timeoutSeconds: 10,
    }],
  });
});

it.each([["validates", policy({})], ["mutates", mutating({})]])("a policy that %s fails closed", (_, object) => {
  expect(created(object)).toMatchObject({
    spec: { failurePolicy: "Fail", matchConstraints: { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {}, resourceRules: [{ scope: "*" }] } },
  });
});

it("rows say how much there is, and by what it is parameterized", () => {
  expect(rowOf(hooks({}, { name: "b.example.com" }))).toMatchObject({ Webhooks: 2 });
  expect(rowOf(policy({ paramKind: { apiVersion: "v1", kind: "ConfigMap" } }))).toMatchObject({ Validations: 1, ParamKind: "v1/ConfigMap" });
  expect(rowOf(policy({}))).toMatchObject({ ParamKind: "<unset>" });
  expect(rowOf(mutating({ paramKind: { apiVersion: "v1", kind: "ConfigMap" } }))).toMatchObject({ Mutations: 1, ParamKind: "v1/ConfigMap" });
  expect(rowOf(mutatingBinding({ paramRef: { name: "a" } }))).toMatchObject({ PolicyName: "p", ParamRef: "a" });
  expect(rowOf(binding({ paramRef: { name: "a", namespace: "n" } }))).toMatchObject({ PolicyName: "p", ParamRef: "n/a" });
  expect(rowOf(binding({ paramRef: { selector: {} } }))).toMatchObject({ ParamRef: "*" });
});
