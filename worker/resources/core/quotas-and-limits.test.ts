import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf, updateErrorsOf } from "../testing.ts";

const of = (kind: string, spec: object): KubernetesObject => ({ apiVersion: "v1", kind, metadata: { name: "x", namespace: "ns" }, spec });
const quota = (spec: object): KubernetesObject => of("ResourceQuota", spec);
const limit = (item: object): KubernetesObject => of("LimitRange", { limits: [{ type: "Container", ...item }] });
const controller = (spec: object): KubernetesObject => of("ReplicationController", { template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } }, ...spec });

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a quota of what nobody counts", quota({ hard: { joy: "1" } }), ['spec.hard[joy]: Invalid value: "joy": must be a standard resource for quota']],
    ["half a pod", quota({ hard: { pods: "500m" } }), ['spec.hard[pods]: Invalid value: "500m": must be an integer']],
    ["less than nothing", quota({ hard: { cpu: "-1" } }), ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0']],
    ["a scope that is none", quota({ scopes: ["Mine"] }), ['spec.scopes: Invalid value: ["Mine"]: unsupported scope']],
    ["scopes that exclude each other", quota({ scopes: ["BestEffort", "NotBestEffort"] }), ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes']],
    ["a scope of pods for Secrets", quota({ hard: { secrets: "1" }, scopes: ["Terminating"] }), ['spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource']],
    ["a selector without values", quota({ scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "In" }] } }), ["spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"]],
    ["limits of a type that is none", limit({ type: "Node" }), ['spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified']],
    ["two limits of one type", of("LimitRange", { limits: [{ type: "Pod" }, { type: "Pod" }] }), ['spec.limits[1].type: Duplicate value: "Pod"']],
    ["a default for whole pods", limit({ type: "Pod", default: { cpu: "1" } }), ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"]],
    ["claims without a size", limit({ type: "PersistentVolumeClaim" }), ["spec.limits[0]: Required value: either minimum or maximum storage value is required, but neither was provided"]],
    ["a least above the most", limit({ min: { cpu: "2" }, max: { cpu: "1" } }), expect.arrayContaining(['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1']) as unknown as string[]],
    ["a request above the limit", limit({ default: { cpu: "1" }, defaultRequest: { cpu: "2" } }), ['spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1']],
    ["a ratio below one", limit({ maxLimitRequestRatio: { cpu: "500m" } }), ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1']],
    ["a ratio beyond what min and max allow", limit({ type: "Pod", min: { cpu: "1" }, max: { cpu: "2" }, maxLimitRequestRatio: { cpu: "3" } }), ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000']],
    ["a controller whose template it does not select", controller({ selector: { a: "c" } }), ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`']],
    ["a controller without a template", of("ReplicationController", { selector: { a: "b" } }), ["spec.template: Required value"]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("counts of any kind, and of devices, may be limited", () => {
  expect(errorsOf(quota({ hard: { "count/jobs.batch": "1", "requests.nvidia.com/gpu": "1", "requests.hugepages-2Mi": "1Gi", "services.nodeports": "0" } }))).toEqual([]);
});

it("a quota keeps its scopes", () => {
  expect(updateErrorsOf(quota({ scopes: ["BestEffort"] }), quota({}))).toEqual(['spec.scopes: Invalid value: ["BestEffort"]: field is immutable']);
});

it("containers get as limit what is the most, and request their limit, or the least", () => {
  expect(created(limit({ max: { cpu: "2" }, min: { cpu: "1", memory: "1Gi" } }))["spec"]).toMatchObject({
    limits: [{ default: { cpu: "2" }, defaultRequest: { cpu: "2", memory: "1Gi" } }],
  });
});

it("a ReplicationController selects its template's labels, and is labelled with them", () => {
  expect(created(controller({}))).toMatchObject({ metadata: { labels: { a: "b" } }, spec: { replicas: 1, selector: { a: "b" } }, status: { replicas: 0 } });
});

it("a quota's row says what is used of what", () => {
  const status = { hard: { pods: "2", cpu: "1", "limits.cpu": "4" }, used: { pods: "1", cpu: "500m" } };
  expect(rowOf({ ...quota({}), status })).toMatchObject({ Request: "cpu: 500m/1, pods: 1/2", Limit: "limits.cpu: 0/4" });
});
