import { describe, expect, it } from "vitest";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf } from "../testing.ts";
import { autoscalersV1 } from "./autoscalers-v1.ts";

const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const scaler = (spec: object = {}, status?: object): KubernetesObject => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "x", namespace: "ns" },
  spec: { maxReplicas: 3, scaleTargetRef: target, ...spec },
  ...(status === undefined ? {} : { status }),
});
const metric = (rest: object): KubernetesObject => scaler({ metrics: [rest] });
const budget = (spec: object, status?: object): KubernetesObject => ({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "x", namespace: "ns" }, spec, ...(status === undefined ? {} : { status }) });
const daemon = (strategy: object): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "x", namespace: "ns" },
  spec: { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } }, updateStrategy: strategy },
});

describe("is refused", () => {
  const at = "spec.metrics[0]";
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["more at least than at most", scaler({ minReplicas: 4 }), ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"]],
    ["no pods at most", scaler({ maxReplicas: 0 }), ["spec.maxReplicas: Invalid value: 0: must be greater than 0", "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`"]],
    ["nothing to scale", scaler({ scaleTargetRef: {} }), ["spec.scaleTargetRef.kind: Required value", "spec.scaleTargetRef.name: Required value"]],
    ["a metric of no type", metric({}), [`${at}.type: Required value: must specify a metric source type`]],
    ["a metric that tells nothing", metric({ type: "Pods" }), [`${at}.pods: Required value: must populate information for the given metric source`]],
    ["a metric that tells of another", metric({ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 1 } }, pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "1" } } }), [`${at}.pods: Forbidden: must populate the given metric source only`]],
    ["a resource without an aim", metric({ type: "Resource", resource: { name: "cpu", target: { type: "Utilization" } } }), [`${at}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`]],
    ["an aim below zero", metric({ type: "Resource", resource: { name: "cpu", target: { type: "AverageValue", averageValue: "-1" } } }), [`${at}.resource.target.averageValue: Invalid value: "-1": must be positive`]],
    ["a rule without a policy", scaler({ behavior: { scaleUp: { policies: [{ type: "Pods", value: 0, periodSeconds: 3600 }] } } }), ["spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero", "spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 3600: must be less than or equal to 1800"]],
    ["a window of a day", scaler({ behavior: { scaleDown: { stabilizationWindowSeconds: 86400 } } }), ["spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 86400: must be less than or equal to 3600"]],
    ["a budget of both kinds", budget({ minAvailable: 1, maxUnavailable: 1 }), ['spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set']],
    ["more than all", budget({ minAvailable: "101%" }), ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%']],
    ["pods that are unhealthy and stay", budget({ unhealthyPodEvictionPolicy: "Never" }), ['spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"']],
    ["a DaemonSet that does not move", daemon({ rollingUpdate: { maxUnavailable: 0 } }), ["spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"]],
    ["a DaemonSet that moves both ways", daemon({ rollingUpdate: { maxSurge: 1 } }), ["spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"]],
    ["a DaemonSet that recreates", daemon({ type: "Recreate" }), ['spec.updateStrategy: Unsupported value: "Recreate": supported values: "OnDelete", "RollingUpdate"']],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("an autoscaler aims at 80 % of the processors by default", () => {
  expect(created(scaler())).toMatchObject({ spec: { minReplicas: 1, metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }] } });
  expect(created(scaler())["spec"]).not.toHaveProperty("behavior");
});

it("half of a behaviour is filled up", () => {
  expect(created(scaler({ behavior: { scaleDown: { selectPolicy: "Min" } } }))).toMatchObject({
    spec: {
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: "Max", policies: [{ type: "Pods", value: 4, periodSeconds: 15 }, { type: "Percent", value: 100, periodSeconds: 15 }] },
        scaleDown: { selectPolicy: "Min", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] },
      },
    },
  });
});

describe("an autoscaler of v1", () => {
  const { toStored, fromStored } = autoscalersV1.conversion ?? { toStored: (object: KubernetesObject) => object, fromStored: (object: KubernetesObject) => object };
  const whole = scaler(
    {
      minReplicas: 1,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
        { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
        { type: "ContainerResource", containerResource: { name: "cpu", container: "c", target: { type: "Utilization", averageUtilization: 40 } } },
        { type: "Pods", pods: { metric: { name: "rps", selector: { matchLabels: { a: "b" } } }, target: { type: "AverageValue", averageValue: "10" } } },
        { type: "Object", object: { describedObject: target, metric: { name: "hits" }, target: { type: "Value", value: "5" } } },
        { type: "External", external: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "7" } } },
      ],
      behavior: { scaleUp: { selectPolicy: "Max", policies: [{ type: "Pods", value: 1, periodSeconds: 15 }] } },
    },
    {
      currentReplicas: 2,
      desiredReplicas: 3,
      conditions: [{ type: "AbleToScale", status: "True" }],
      currentMetrics: [
        { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 60 } } },
        { type: "Pods", pods: { metric: { name: "rps" }, current: { averageValue: "12" } } },
      ],
    },
  );

  it("says the processors in a field and all else in annotations", () => {
    const shown = fromStored(structuredClone(whole));
    expect(shown).toMatchObject({ spec: { targetCPUUtilizationPercentage: 50 }, status: { currentCPUUtilizationPercentage: 60 } });
    expect(shown["spec"]).not.toHaveProperty("metrics");
    expect(Object.keys(shown.metadata?.annotations ?? {}).map((name) => name.split("/")[1] ?? "").toSorted()).toEqual(["behavior", "conditions", "current-metrics", "metrics"]);
    expect(JSON.parse(shown.metadata?.annotations?.["autoscaling.alpha.kubernetes.io/metrics"] ?? "")).toContainEqual({ type: "Resource", resource: { name: "memory", targetAverageValue: "1Gi" } });
  });

  it("loses nothing on its way there and back", () => {
    expect(toStored(fromStored(structuredClone(whole)))).toEqual(whole);
  });

  it("is not misled by annotations that hold anything", () => {
    const annotations = {
      "autoscaling.alpha.kubernetes.io/metrics": '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"much"}},7]',
      "autoscaling.alpha.kubernetes.io/behavior": "{",
      other: "kept",
    };
    const stored = toStored({ metadata: { name: "x", annotations }, spec: { maxReplicas: 1, scaleTargetRef: target } });
    expect(stored).toEqual({ metadata: { name: "x", annotations: { other: "kept" } }, spec: { maxReplicas: 1, scaleTargetRef: target } });
  });

  it("has the same row", () => {
    const shown = { ...fromStored(structuredClone(whole)), apiVersion: "autoscaling/v1" } as Stored<KubernetesObject>;
    expect(rowOf(shown)).toEqual(rowOf(whole));
  });
});

it("rows say what is aimed at", () => {
  const metrics = [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
    { type: "External", external: { metric: { name: "q" }, target: { type: "AverageValue", averageValue: "7" } } },
    { type: "Pods", pods: { metric: { name: "p" }, target: { type: "AverageValue", averageValue: "7" } } },
  ];
  const status = { currentReplicas: 2, currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: 60 } } }] };
  expect(rowOf(scaler({ minReplicas: 1, metrics }, status))).toMatchObject({ Reference: "Deployment/web", Targets: "cpu: 60%/50%, <unknown>/7 (avg) + 1 more...", MinPods: "1", MaxPods: "3", Replicas: "2" });
  expect(rowOf(scaler())).toMatchObject({ Targets: "<none>", MinPods: "<unset>" });
  expect(rowOf(budget({ minAvailable: "50%" }, { disruptionsAllowed: 2 }))).toMatchObject({ "Min Available": "50%", "Max Unavailable": "N/A", "Allowed Disruptions": 2 });
  expect(rowOf({ ...daemon({}), status: { desiredNumberScheduled: 3, numberReady: 2 } })).toMatchObject({ Desired: 3, Current: 0, Ready: 2, "Node Selector": "<none>", Selector: "a=b" });
});
