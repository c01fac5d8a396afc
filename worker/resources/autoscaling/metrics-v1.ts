/** Metrics in the words of autoscaling/v1's annotations, which nest no targets. */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type { MetricSpec, MetricStatus } from "../../../protocol/kubernetes/generated/types.ts";

type Fields = Record<string, unknown>;

/** Only what is there. */
function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const record = (value: unknown): Fields => (isRecord(value) ? value : {});

export function metricToV1({ type, resource, containerResource, pods, object, external }: MetricSpec): Fields {
  const ofResource = (source: NonNullable<MetricSpec["resource"]>): Fields => ({
    name: source.name,
    targetAverageUtilization: source.target.averageUtilization,
    targetAverageValue: source.target.averageValue,
  });
  return present({
    type,
    resource: resource && present(ofResource(resource)),
    containerResource: containerResource && present({ ...ofResource(containerResource), container: containerResource.container }),
    pods: pods && present({ metricName: pods.metric.name, selector: pods.metric.selector, targetAverageValue: pods.target.averageValue }),
    object: object && present({
      target: object.describedObject,
      metricName: object.metric.name,
      selector: object.metric.selector,
      targetValue: object.target.value ?? "0",
      averageValue: object.target.averageValue,
    }),
    external: external && present({
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    }),
  });
}

/** Nothing is known of what a client wrote there: the result is still to be decoded. */
export function metricFromV1(metric: Fields): Fields {
  const { type, resource, containerResource, pods, object, external } = metric;
  return present({
    type: typeof type === "string" ? type : "",
    resource: resource === undefined ? undefined : resourceFromV1(record(resource)),
    containerResource: containerResource === undefined ? undefined : { ...resourceFromV1(record(containerResource)), container: text(record(containerResource)["container"]) },
    pods: pods === undefined ? undefined : podsFromV1(record(pods)),
    object: object === undefined ? undefined : objectFromV1(record(object)),
    external: external === undefined ? undefined : externalFromV1(record(external)),
  });
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const amount = (value: unknown): string | number | undefined => (typeof value === "string" || typeof value === "number" ? value : undefined);

function resourceFromV1(source: Fields): Fields {
  const utilization = source["targetAverageUtilization"];
  const value = amount(source["targetAverageValue"]);
  const target = typeof utilization === "number"
    ? { type: "Utilization", averageUtilization: utilization }
    : present({ type: "AverageValue", averageValue: value });
  return { name: text(source["name"]), target };
}

const identifier = (name: unknown, selector: unknown): Fields => present({ name: text(name), selector: isRecord(selector) ? selector : undefined });

function podsFromV1(source: Fields): Fields {
  const target = present({ type: "AverageValue", averageValue: amount(source["targetAverageValue"]) });
  return { metric: identifier(source["metricName"], source["selector"]), target };
}

function objectFromV1(source: Fields): Fields {
  const average = amount(source["averageValue"]);
  const described = record(source["target"]);
  const target = average === undefined ? present({ type: "Value", value: amount(source["targetValue"]) }) : { type: "AverageValue", averageValue: average };
  const describedObject = present({ kind: text(described["kind"]), name: text(described["name"]), apiVersion: described["apiVersion"] });
  return { describedObject, metric: identifier(source["metricName"], source["selector"]), target };
}

function externalFromV1(source: Fields): Fields {
  const average = amount(source["targetAverageValue"]);
  const target = average === undefined ? present({ type: "Value", value: amount(source["targetValue"]) }) : { type: "AverageValue", averageValue: average };
  return { metric: identifier(source["metricName"], source["metricSelector"]), target };
}

export function currentToV1({ type, resource, containerResource, pods, object, external }: MetricStatus): Fields {
  const ofResource = (source: NonNullable<MetricStatus["resource"]>): Fields => ({
    name: source.name,
    currentAverageUtilization: source.current.averageUtilization,
    currentAverageValue: source.current.averageValue,
  });
  return present({
    type,
    resource: resource && present(ofResource(resource)),
    containerResource: containerResource && present({ ...ofResource(containerResource), container: containerResource.container }),
    pods: pods && present({ metricName: pods.metric.name, selector: pods.metric.selector, currentAverageValue: pods.current.averageValue }),
    object: object && present({
      target: object.describedObject,
      metricName: object.metric.name,
      selector: object.metric.selector,
      currentValue: object.current.value ?? "0",
      averageValue: object.current.averageValue,
    }),
    external: external && present({
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? "0",
      currentAverageValue: external.current.averageValue,
    }),
  });
}

export function currentFromV1(status: Fields): Fields {
  const { type, resource, containerResource, pods, object, external } = status;
  const ofResource = (source: Fields): Fields => ({
    name: text(source["name"]),
    current: present({ averageUtilization: source["currentAverageUtilization"], averageValue: amount(source["currentAverageValue"]) }),
  });
  const described = record(record(object)["target"]);
  return present({
    type: text(type),
    resource: resource === undefined ? undefined : ofResource(record(resource)),
    containerResource: containerResource === undefined ? undefined : { ...ofResource(record(containerResource)), container: text(record(containerResource)["container"]) },
    pods: pods === undefined ? undefined : {
      metric: identifier(record(pods)["metricName"], record(pods)["selector"]),
      current: present({ averageValue: amount(record(pods)["currentAverageValue"]) }),
    },
    object: object === undefined ? undefined : {
      describedObject: present({ kind: text(described["kind"]), name: text(described["name"]), apiVersion: described["apiVersion"] }),
      metric: identifier(record(object)["metricName"], record(object)["selector"]),
      current: present({ value: amount(record(object)["currentValue"]), averageValue: amount(record(object)["averageValue"]) }),
    },
    external: external === undefined ? undefined : {
      metric: identifier(record(external)["metricName"], record(external)["metricSelector"]),
      current: present({ value: amount(record(external)["currentValue"]), averageValue: amount(record(external)["currentAverageValue"]) }),
    },
  });
}
