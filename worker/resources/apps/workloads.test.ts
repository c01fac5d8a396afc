import { describe, expect, it } from "vitest";
import { accepted, created, errorsOf, updateErrorsOf } from "../testing.ts";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };
const selector = { matchLabels: { app: "web" } };
const workload = (kind: string, spec: object) => ({ apiVersion: "apps/v1", kind, metadata: { name: "web", namespace: "default" }, spec: { selector, template, ...spec } });
const deployment = (spec: object) => workload("Deployment", spec);

describe("a workload is refused", () => {
  const rows: [sentence: string, object: ReturnType<typeof workload>, error: string][] = [
    ["without a selector", deployment({ selector: undefined }), "spec.selector: Required value"],
    ["with an empty selector", deployment({ selector: {} }), "spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
    ["with a selector that does not match its template", deployment({ selector: { matchLabels: { app: "db" } } }), 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ["without a template", deployment({ template: undefined }), "spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`"],
    ["with negative replicas", deployment({ replicas: -1 }), "spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
    ["with an unknown strategy", deployment({ strategy: { type: "BlueGreen" } }), 'spec.strategy.type: Unsupported value: "BlueGreen": supported values: "Recreate", "RollingUpdate"'],
    ["with a rolling update of Recreate", deployment({ strategy: { type: "Recreate", rollingUpdate: {} } }), "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ["with no room to roll", deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } }), 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
    ["with a share above all", deployment({ strategy: { rollingUpdate: { maxUnavailable: "101%" } } }), 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ["with a deadline shorter than it takes to be ready", deployment({ progressDeadlineSeconds: 5, minReadySeconds: 5 }), "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"],
    ["with pods that are not restarted", deployment({ template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } }), 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ["with an operator that is none", deployment({ selector: { matchExpressions: [{ key: "a", operator: "Is" }] } }), 'spec.selector.matchExpressions[0].operator: Unsupported value: "Is": supported values: "Exists", "DoesNotExist", "In", "NotIn"'],
    ["as a ReplicaSet with a template's container unnamed", workload("ReplicaSet", { template: { ...template, spec: { containers: [{ image: "x" }] } } }), "spec.template.spec.containers[0].name: Required value"],
    ["as a StatefulSet with an unknown policy", workload("StatefulSet", { podManagementPolicy: "Any" }), 'spec.podManagementPolicy: Unsupported value: "Any": supported values: "OrderedReady", "Parallel"'],
  ];
  it.each(rows)("%s", (_, object, error) => {
    expect(errorsOf(object)).toContain(error);
  });

  it.each(["Deployment", "ReplicaSet", "StatefulSet"])("not as a sound %s", (kind) => {
    expect(errorsOf(workload(kind, {}))).toEqual([]);
  });
});

it("a StatefulSet's containers may mount what its claims become", () => {
  const mounting = { ...template, spec: { containers: [{ name: "web", image: "web:1", volumeMounts: [{ name: "data", mountPath: "/data" }] }] } };
  const claims = [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"] } }];
  expect(errorsOf(workload("StatefulSet", { template: mounting, volumeClaimTemplates: claims }))).toEqual([]);
  expect(errorsOf(workload("StatefulSet", { template: mounting }))).toEqual(['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']);
});

describe("a workload's update", () => {
  it("of a Deployment may not change the selector", () => {
    const next = deployment({ selector: { matchLabels: { app: "web", tier: "x" } } });
    expect(updateErrorsOf(next, deployment({}))).toEqual(['spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable']);
  });

  it("of a StatefulSet may change replicas, not the service name", () => {
    expect(updateErrorsOf(workload("StatefulSet", { replicas: 5 }), workload("StatefulSet", {}))).toEqual([]);
    expect(updateErrorsOf(workload("StatefulSet", { serviceName: "x" }), workload("StatefulSet", {}))).toEqual([
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ]);
  });
});

describe("defaults of a workload", () => {
  it("of a Deployment are a quarter at a time, ten revisions, ten minutes", () => {
    expect(accepted(deployment({}))).toMatchObject({
      spec: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } } },
    });
  });

  it("of a StatefulSet are in order, from the last", () => {
    expect(accepted(workload("StatefulSet", {}))).toMatchObject({
      spec: { podManagementPolicy: "OrderedReady", updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } } },
    });
  });

  it("leave a template without what only a pod gets", () => {
    const { spec } = created(deployment({})) as { spec?: { template?: { spec?: object } } };
    expect(spec?.template?.spec).toMatchObject({ restartPolicy: "Always" });
    expect(spec?.template?.spec).not.toHaveProperty("enableServiceLinks");
  });
});
