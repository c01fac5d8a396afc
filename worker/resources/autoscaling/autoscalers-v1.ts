/**
 * HorizontalPodAutoscalers of autoscaling/v1: the same objects as those of v2. What v1 has no field for stands in
 * annotations, as JSON in the words of v1 (pkg/apis/autoscaling/v1/conversion.go).
 */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type {
  AutoscalingV1HorizontalPodAutoscaler,
  AutoscalingV2HorizontalPodAutoscaler as Stored2,
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerCondition,
  MetricSpec,
  MetricStatus,
} from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { decode } from "../decode.ts";
import { defineResource } from "../define.ts";
import type { Conversion } from "../resource.ts";
import { horizontalPodAutoscalers } from "./horizontal-pod-autoscalers.ts";
import { currentFromV1, currentToV1, metricFromV1, metricToV1 } from "./metrics-v1.ts";

const prefix = "autoscaling.alpha.kubernetes.io/";
const names = { metrics: `${prefix}metrics`, current: `${prefix}current-metrics`, conditions: `${prefix}conditions`, behavior: `${prefix}behavior` };

type Spec1 = NonNullable<AutoscalingV1HorizontalPodAutoscaler["spec"]>;
type Status1 = NonNullable<AutoscalingV1HorizontalPodAutoscaler["status"]>;

const conversion: Conversion = {
  stored: horizontalPodAutoscalers,
  toStored: (object) => toStored(object as AutoscalingV1HorizontalPodAutoscaler),
  fromStored: (object) => fromStored(object as Stored2),
  fields: {},
};

function toStored({ metadata, spec, status, ...rest }: AutoscalingV1HorizontalPodAutoscaler): KubernetesObject {
  const annotations = metadata?.annotations ?? {};
  const kept = Object.fromEntries(Object.entries(annotations).filter(([name]) => !Object.values(names).includes(name)));
  const { annotations: _annotations, ...meta } = metadata ?? {};
  return {
    ...rest,
    metadata: { ...meta, ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }) },
    ...(spec === undefined ? {} : { spec: specOf(spec, annotations) }),
    ...(status === undefined ? {} : { status: statusOf(status, annotations) }),
  };
}

function specOf({ targetCPUUtilizationPercentage: utilization, ...spec }: Spec1, annotations: Record<string, string>): Stored2["spec"] {
  const others = decodable<MetricSpec>("MetricSpec", listIn(annotations[names.metrics]).map(metricFromV1));
  const cpu: MetricSpec[] = utilization === undefined
    ? []
    : [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: utilization } } }];
  const metrics = [...cpu, ...others];
  const [behavior] = decodable<HorizontalPodAutoscalerBehavior>("HorizontalPodAutoscalerBehavior", [parsed(annotations[names.behavior])]);
  return { ...spec, ...(metrics.length === 0 ? {} : { metrics }), ...(behavior === undefined ? {} : { behavior }) };
}

function statusOf({ currentCPUUtilizationPercentage: utilization, ...status }: Status1, annotations: Record<string, string>): Stored2["status"] {
  const others = decodable<MetricStatus>("MetricStatus", listIn(annotations[names.current]).map(currentFromV1));
  const cpu: MetricStatus[] = utilization === undefined ? [] : [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: utilization } } }];
  const currentMetrics = [...cpu, ...others];
  const conditions = decodable<HorizontalPodAutoscalerCondition>("HorizontalPodAutoscalerCondition", listIn(annotations[names.conditions]));
  return {
    ...status,
    ...(currentMetrics.length === 0 ? {} : { currentMetrics }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** What is no JSON of the right shape tells nothing. */
function listIn(text: string | undefined): Record<string, unknown>[] {
  const value = parsed(text);
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Those that are of the type; an annotation is a client's own text, and may hold anything. */
function decodable<T>(type: string, values: unknown[]): T[] {
  return values.flatMap((value) => {
    const decoded = decode<T>(`io.k8s.api.autoscaling.v2.${type}`, value);
    return decoded.ok ? [decoded.object] : [];
  });
}

function fromStored({ metadata, spec, status, ...rest }: Stored2): KubernetesObject {
  const metrics = spec?.metrics ?? [];
  const cpu = metrics.find(isCpuUtilization);
  const annotations = {
    ...metadata?.annotations,
    ...json(names.metrics, metrics.filter((metric) => metric !== cpu).map(metricToV1)),
    ...json(names.conditions, status?.conditions ?? []),
    ...json(names.current, (status?.currentMetrics ?? []).filter((metric) => !isCpuStatus(metric)).map(currentToV1)),
    ...(spec?.behavior === undefined ? {} : { [names.behavior]: JSON.stringify(spec.behavior) }),
  };
  return {
    ...rest,
    metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    ...(spec === undefined ? {} : { spec: spec1Of(spec, cpu) }),
    ...(status === undefined ? {} : { status: status1Of(status) }),
  };
}

const json = (name: string, list: unknown[]): Record<string, string> => (list.length === 0 ? {} : { [name]: JSON.stringify(list) });

const isCpuUtilization = ({ type, resource }: MetricSpec): boolean =>
  type === "Resource" && resource?.name === "cpu" && resource.target.averageUtilization !== undefined;

const isCpuStatus = ({ type, resource }: MetricStatus): boolean =>
  type === "Resource" && resource?.name === "cpu" && resource.current.averageUtilization !== undefined;

function spec1Of({ metrics: _metrics, behavior: _behavior, ...spec }: NonNullable<Stored2["spec"]>, cpu: MetricSpec | undefined): Spec1 {
  const utilization = cpu?.resource?.target.averageUtilization;
  return { ...spec, ...(utilization === undefined ? {} : { targetCPUUtilizationPercentage: utilization }) };
}

function status1Of({ currentMetrics = [], conditions: _conditions, ...status }: NonNullable<Stored2["status"]>): Status1 {
  const utilization = currentMetrics.find(isCpuStatus)?.resource?.current.averageUtilization;
  return { currentReplicas: 0, ...status, ...(utilization === undefined ? {} : { currentCPUUtilizationPercentage: utilization }) };
}

/** Columns read the stored form. */
const storedForm = (object: Stored<KubernetesObject>): Stored<KubernetesObject> => {
  const converted = conversion.toStored(object);
  return { ...converted, metadata: object.metadata };
};

export const autoscalersV1 = defineResource<AutoscalingV1HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  schema: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
  subresources: horizontalPodAutoscalers.subresources,
  columns: horizontalPodAutoscalers.columns.map((column) => ({ ...column, cell: (object, now) => column.cell(storedForm(object), now) })),
  conversion,
});
