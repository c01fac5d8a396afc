/** What an autoscaler aims at and what it measures, as `kubectl get hpa` shows it. */
import type { AutoscalingV2HorizontalPodAutoscaler as HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget } from "../../../protocol/kubernetes/generated/types.ts";

const shownCount = 2;

/** `cpu: 10%/80%, 5/10 (avg)` */
export function metricsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const texts = metrics.map((metric, at) => metricText(metric, status?.currentMetrics?.[at]));
  const shown = texts.slice(0, shownCount).join(", ");
  return texts.length > shownCount ? `${shown} + ${texts.length - shownCount} more...` : shown;
}

type Current = { value?: string | number; averageValue?: string | number; averageUtilization?: number } | undefined;

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case "Resource":
      return resourceText(metric.resource, status?.resource?.current);
    case "ContainerResource":
      return resourceText(metric.containerResource, status?.containerResource?.current);
    case "Pods":
      return `${unknownOr(status?.pods?.current.averageValue)}/${metric.pods?.target.averageValue ?? "<nil>"}`;
    case "Object":
      return valueText(metric.object?.target, status?.object?.current);
    case "External":
      return valueText(metric.external?.target, status?.external?.current);
    default:
      return "<unknown type>";
  }
}

function resourceText(source: { name: string; target: MetricTarget } | undefined, current: Current): string {
  const { averageValue, averageUtilization } = source?.target ?? {};
  if (averageValue !== undefined) return `${source?.name ?? ""}: ${unknownOr(current?.averageValue)}/${averageValue}`;
  const now = current?.averageUtilization === undefined ? "<unknown>" : `${current.averageUtilization}%`;
  return `${source?.name ?? ""}: ${now}/${averageUtilization === undefined ? "<auto>" : `${averageUtilization}%`}`;
}

function valueText(target: MetricTarget | undefined, current: Current): string {
  if (target?.averageValue !== undefined) return `${unknownOr(current?.averageValue)}/${target.averageValue} (avg)`;
  return `${unknownOr(current?.value)}/${target?.value ?? "<nil>"}`;
}

const unknownOr = (value: string | number | undefined): string => String(value ?? "<unknown>");
