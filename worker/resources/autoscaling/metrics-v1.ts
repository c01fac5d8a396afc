/** Metrics in the words of autoscaling/v1's annotations, which nest no targets. */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type { MetricSpec, MetricStatus, MetricTarget } from "../../../protocol/kubernetes/generated/types.ts";

type Fields = Record<string, unknown>;

/** What is wanted and what was measured have the same form: v1 begins their fields' names so, v2 nests them below it. */
type Half = "target" | "current";

/** Only what is there. */
function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

export const metricToV1 = (metric: MetricSpec): Fields => toV1(metric, "target");
export const currentToV1 = (metric: MetricStatus): Fields => toV1(metric, "current");
/** Nothing is known of what a client wrote there: the result is still to be decoded. */
export const metricFromV1 = (metric: Fields): Fields => fromV1(metric, "target");
export const currentFromV1 = (metric: Fields): Fields => fromV1(metric, "current");

type Source<T extends keyof MetricSpec & keyof MetricStatus> = NonNullable<MetricSpec[T] | MetricStatus[T]>;

function toV1({ type, resource, containerResource, pods, object, external }: MetricSpec | MetricStatus, half: Half): Fields {
  const ofResource = (source: Source<"resource"> | Source<"containerResource">): Fields => ({
    name: source.name,
    [`${half}AverageUtilization`]: valuesOf(source).averageUtilization,
    [`${half}AverageValue`]: valuesOf(source).averageValue,
  });
  return present({
    type,
    resource: resource && present(ofResource(resource)),
    containerResource: containerResource && present({ ...ofResource(containerResource), container: containerResource.container }),
    pods: pods && present({ metricName: pods.metric.name, selector: pods.metric.selector, [`${half}AverageValue`]: valuesOf(pods).averageValue }),
    object: object && present({
      target: object.describedObject,
      metricName: object.metric.name,
      selector: object.metric.selector,
      [`${half}Value`]: valuesOf(object).value ?? "0",
      averageValue: valuesOf(object).averageValue,
    }),
    external: external && present({
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      // Required of what was measured.
      [`${half}Value`]: valuesOf(external).value ?? (half === "current" ? "0" : undefined),
      [`${half}AverageValue`]: valuesOf(external).averageValue,
    }),
  });
}

type Values = Omit<MetricTarget, "type">;

const valuesOf = (source: { target: Values } | { current: Values }): Values => ("target" in source ? source.target : source.current);

function fromV1(metric: Fields, half: Half): Fields {
  /** Of one source, as soon as it is there. */
  const source = (name: string, read: (fields: Fields) => Fields) => (metric[name] === undefined ? undefined : read(record(metric[name])));
  const values = (fields: Fields, average: string): Fields => ({ value: amount(fields[`${half}Value`]), averageValue: amount(fields[average]) });
  const ofResource = (fields: Fields): Fields => ({
    name: text(fields["name"]),
    [half]: valued(half, { averageUtilization: fields[`${half}AverageUtilization`], averageValue: amount(fields[`${half}AverageValue`]) }, "AverageValue"),
  });
  return present({
    type: text(metric["type"]),
    resource: source("resource", ofResource),
    containerResource: source("containerResource", (fields) => ({ ...ofResource(fields), container: text(fields["container"]) })),
    pods: source("pods", (fields) => ({
      metric: identifier(fields["metricName"], fields["selector"]),
      [half]: valued(half, { averageValue: amount(fields[`${half}AverageValue`]) }, "AverageValue"),
    })),
    object: source("object", (fields) => ({
      describedObject: describedObject(record(fields["target"])),
      metric: identifier(fields["metricName"], fields["selector"]),
      [half]: valued(half, values(fields, "averageValue"), "Value"),
    })),
    external: source("external", (fields) => ({
      metric: identifier(fields["metricName"], fields["metricSelector"]),
      [half]: valued(half, values(fields, `${half}AverageValue`), "Value"),
    })),
  });
}

/** A target has one value and says of which type; what was measured says all that is known. */
function valued(half: Half, values: Fields, otherwise: "AverageValue" | "Value"): Fields {
  if (half === "current") return present(values);
  const { averageUtilization, averageValue, value } = values;
  if (typeof averageUtilization === "number") return { type: "Utilization", averageUtilization };
  if (otherwise === "AverageValue" || averageValue !== undefined) return present({ type: "AverageValue", averageValue });
  return present({ type: "Value", value });
}

const record = (value: unknown): Fields => (isRecord(value) ? value : {});
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const amount = (value: unknown): string | number | undefined => (typeof value === "string" || typeof value === "number" ? value : undefined);
const identifier = (name: unknown, selector: unknown): Fields => present({ name: text(name), selector: isRecord(selector) ? selector : undefined });
const describedObject = ({ kind, name, apiVersion }: Fields): Fields => present({ kind: text(kind), name: text(name), apiVersion });
