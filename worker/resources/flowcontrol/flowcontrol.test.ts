import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf } from "../testing.ts";

const group = "flowcontrol.apiserver.k8s.io/v1";
const subject = { kind: "User", user: { name: "u" } };
const resourceRule = { verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["*"] };
const schema = (spec: object, name: string = "x"): KubernetesObject => ({ apiVersion: group, kind: "FlowSchema", metadata: { name }, spec: { priorityLevelConfiguration: { name: "p" }, ...spec } });
const rule = (rest: object): KubernetesObject => schema({ rules: [{ subjects: [subject], resourceRules: [resourceRule], ...rest }] });
const level = (spec: object, name: string = "x"): KubernetesObject => ({ apiVersion: group, kind: "PriorityLevelConfiguration", metadata: { name }, spec });
const queued = (queuing: object): KubernetesObject => level({ type: "Limited", limited: { limitResponse: { type: "Queue", queuing } } });
const service = (spec: object, name: string = "v1.example.com"): KubernetesObject => ({
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name },
  spec: { group: "example.com", version: "v1", groupPriorityMinimum: 100, versionPriority: 10, ...spec },
});

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a schema of no level", schema({ priorityLevelConfiguration: {} }), ["spec.priorityLevelConfiguration.name: Required value: must reference a priority level"]],
    ["a precedence that is kept for one", schema({ matchingPrecedence: 1 }), ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"]],
    ["a precedence beyond all", schema({ matchingPrecedence: 10001 }), ["spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000"]],
    ["flows told apart by colour", schema({ distinguisherMethod: { type: "ByColour" } }), ['spec.distinguisherMethod.type: Unsupported value: "ByColour": supported values: "ByNamespace", "ByUser"']],
    ["a rule about nobody", rule({ subjects: [] }), ["spec.rules[0].subjects: Required value: subjects must contain at least one value"]],
    ["a rule about nothing", rule({ resourceRules: [] }), ["spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty"]],
    ["a user who is a group", rule({ subjects: [{ kind: "User", group: { name: "g" } }] }), ["spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'", "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'"]],
    ["an account of no namespace", rule({ subjects: [{ kind: "ServiceAccount", serviceAccount: { name: "*" } }] }), ["spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account"]],
    ["resources nowhere", rule({ resourceRules: [{ ...resourceRule, namespaces: [] }] }), ["spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace"]],
    ["every verb and one more", rule({ resourceRules: [{ ...resourceRule, verbs: ["*", "get"] }] }), [`spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`]],
    ["a wildcard in the middle", rule({ resourceRules: [], nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/a*b"] }] }), ['spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*b": wildcard can only do suffix matching']],
    ["a level that is exempt", level({ type: "Exempt" }), [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`]],
    ["a level without a limit", level({ type: "Limited" }), ["spec.limited: Required value: must not be empty when type is Limited"]],
    ["a level that neither queues nor rejects", level({ type: "Limited", limited: {} }), ['spec.limited.limitResponse.type: Unsupported value: "": supported values: "Queue", "Reject"']],
    ["a hand larger than the deck", queued({ queues: 2, handSize: 3 }), ["spec.limited.limitResponse.queuing.handSize: Invalid value: 3: should not be greater than queues (2)"]],
    ["a hand that no hash can deal", queued({ queues: 512, handSize: 8 }), ["spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60"]],
    ["more than all to lend", level({ type: "Limited", limited: { lendablePercent: 101, limitResponse: { type: "Reject" } } }), ["spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive"]],
    ["a service under another name", service({}, "x"), ['metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.example.com"']],
    ["a service of no priority", service({ versionPriority: 0 }), ["spec.versionPriority: Invalid value: 0: must be positive and less than 1000"]],
    ["a service of nobody", service({ service: {} }), ["spec.service.namespace: Required value", "spec.service.name: Required value"]],
    ["an own service that is not verified", service({ insecureSkipTLSVerify: true }), ["spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify"]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("levels and schemas get what they leave out", () => {
  expect(created(schema({}))).toMatchObject({ spec: { matchingPrecedence: 1000 }, status: {} });
  expect(created(queued({}))).toMatchObject({ spec: { limited: { nominalConcurrencyShares: 30, lendablePercent: 0, limitResponse: { queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } } } } });
  expect(created(level({ type: "Exempt", exempt: {} }, "exempt"))).toMatchObject({ spec: { exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } } });
});

it("what is served here is available at once", () => {
  expect(rowOf(created(service({})))).toMatchObject({ Service: "Local", Available: "True" });
  expect(rowOf(created(service({ service: { namespace: "n", name: "s" } })))).toMatchObject({ Service: "n/s", Available: "Unknown" });
  const conditions = [{ type: "Available", status: "False", reason: "MissingEndpoints" }];
  expect(rowOf({ ...service({ service: { namespace: "n", name: "s" } }), status: { conditions } })).toMatchObject({ Available: "False (MissingEndpoints)" });
});

it("rows say level, precedence and queues", () => {
  const conditions = [{ type: "Dangling", status: "False" }];
  expect(rowOf({ ...created(schema({ distinguisherMethod: { type: "ByUser" } })), status: { conditions } })).toMatchObject({ PriorityLevel: "p", MatchingPrecedence: 1000, DistinguisherMethod: "ByUser", MissingPL: "False" });
  expect(rowOf(created(queued({})))).toMatchObject({ Type: "Limited", NominalConcurrencyShares: 30, Queues: 64, HandSize: 8, QueueLengthLimit: 50 });
  expect(rowOf(created(level({ type: "Exempt", exempt: {} }, "exempt")))).toMatchObject({ Type: "Exempt", Queues: "<none>" });
});
