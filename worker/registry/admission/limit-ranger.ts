/** LimitRanger: defaults and bounds of what one container, pod or claim may ask for, by the namespace's LimitRanges. */
import type { Container, LimitRange, PersistentVolumeClaim, Pod, PodSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { compareQuantities, formatQuantity, quantity, type Quantity } from "../../../protocol/quantity.ts";
import { StatusError } from "../../../protocol/status.ts";
import { amountsOf, podAmounts, type Amounts } from "../../resources/core/pod-amounts.ts";
import type { Attributes, Plugin } from "./plugin.ts";

type Item = NonNullable<LimitRange["spec"]>["limits"][number];
type Quantities = Record<string, string | number>;

const annotation = "kubernetes.io/limit-ranger";

export const limitRanger: Plugin = {
  name: "LimitRanger",
  resources: ["pods", "persistentvolumeclaims"],
  mutate(attributes) {
    const pod = attributes.object as Pod; // its shape is checked after this
    if (attributes.resource.plural !== "pods" || attributes.operation !== "CREATE" || pod.spec === undefined) return;
    const items = limitsFor(attributes).filter(({ type }) => type === "Container");
    if (items.length > 0) setDefaults(pod, pod.spec, items);
  },
  validate(attributes) {
    if (!isLimited(attributes)) return [];
    const items = limitsFor(attributes);
    const errors = items.length === 0 ? [] : items.flatMap((item) => errorsOf(item, attributes.object));
    if (errors.length === 0) return [];
    const { resource: { plural }, object: { metadata } } = attributes;
    const why = errors.length === 1 ? (errors[0] ?? "") : `[${[...new Set(errors)].join(", ")}]`;
    throw StatusError.forbidden({ group: "", kind: plural, name: metadata?.name ?? "" }, why);
  },
};

function isLimited({ operation, resource, subresource, object }: Attributes): boolean {
  if (resource.plural === "pods") return operation === "CREATE" || (operation === "UPDATE" && subresource === "resize");
  const isWrite = operation === "CREATE" || operation === "UPDATE";
  return isWrite && subresource === "" && object.metadata?.deletionTimestamp === undefined;
}

function limitsFor({ object, context }: Attributes): Item[] {
  const ranges = context.settings.list<LimitRange>("limitranges").filter(({ metadata }) => metadata.namespace === object.metadata?.namespace);
  return ranges.flatMap(({ spec }) => spec?.limits ?? []);
}

// --- defaults

function setDefaults(pod: Pod, spec: PodSpec, items: Item[]): void {
  const limits: Quantities = Object.assign({}, ...items.map((item) => item.default ?? {}));
  const requests: Quantities = Object.assign({}, ...items.map((item) => item.defaultRequest ?? {}));
  const told = [
    ...(spec.initContainers ?? []).flatMap((container) => merge(container, "init container", { limits, requests })),
    ...(spec.containers ?? []).flatMap((container) => merge(container, "container", { limits, requests })),
  ];
  if (told.length === 0) return;
  const metadata = (pod.metadata ??= {});
  metadata.annotations = { ...metadata.annotations, [annotation]: `LimitRanger plugin set: ${told.join("; ")}` };
}

function merge(container: Container, what: string, defaults: { limits: Quantities; requests: Quantities }): string[] {
  const resources = (container.resources ??= {});
  return (["requests", "limits"] as const).flatMap((bound) => {
    const added = Object.entries(defaults[bound]).filter(([name]) => resources[bound]?.[name] === undefined);
    if (added.length === 0) return [];
    resources[bound] = { ...resources[bound], ...Object.fromEntries(added) };
    return [`${added.map(([name]) => name).toSorted().join(", ")} ${bound.slice(0, -1)} for ${what} ${container.name}`];
  });
}

// --- bounds

interface Asked {
  requests: Amounts;
  limits: Amounts;
}

function errorsOf(item: Item, object: object): string[] {
  switch (item.type) {
    case "Container":
      return askedOfContainers(object).flatMap((asked) => bounds(item, asked));
    case "Pod": {
      const { spec } = object as Pod; // a LimitRange of this type is asked for pods
      if (spec?.containers === undefined) return [];
      return bounds(item, { requests: podAmounts(spec, "requests"), limits: podAmounts(spec, "limits") });
    }
    case "PersistentVolumeClaim": {
      const claim = object as PersistentVolumeClaim;
      if (claim.spec?.accessModes === undefined) return [];
      const asked = { requests: amountsOf(claim.spec.resources?.requests), limits: new Map() };
      return [...minimums(item, asked), ...maximumRequests(item, asked)];
    }
    default:
      return [];
  }
}

function askedOfContainers(object: object): Asked[] {
  const { spec } = object as Pod;
  const containers = spec?.containers === undefined ? [] : [...spec.containers, ...(spec.initContainers ?? [])];
  return containers.map(({ resources }) => ({ requests: amountsOf(resources?.requests), limits: amountsOf(resources?.limits) }));
}

const bounds = (item: Item, asked: Asked): string[] => [...minimums(item, asked), ...maximums(item, asked), ...ratios(item, asked)];

function minimums({ type, min }: Item, { requests, limits }: Asked): string[] {
  return each(min, (name, bound) => {
    const what = `minimum ${name} usage per ${type} is ${formatQuantity(bound)}`;
    const [request, limit] = [requests.get(name), limits.get(name)];
    if (request === undefined) return `${what}.  No request is specified`;
    if (compareQuantities(request, bound) < 0) return `${what}, but request is ${formatQuantity(request)}`;
    return limit !== undefined && compareQuantities(limit, bound) < 0 ? `${what}, but limit is ${formatQuantity(limit)}` : undefined;
  });
}

function maximums({ type, max }: Item, { requests, limits }: Asked): string[] {
  return each(max, (name, bound) => {
    const what = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`;
    const [request, limit] = [requests.get(name), limits.get(name)];
    if (limit === undefined) return `${what}.  No limit is specified`;
    if (compareQuantities(limit, bound) > 0) return `${what}, but limit is ${formatQuantity(limit)}`;
    return request !== undefined && compareQuantities(request, bound) > 0 ? `${what}, but request is ${formatQuantity(request)}` : undefined;
  });
}

function maximumRequests({ type, max }: Item, { requests }: Asked): string[] {
  return each(max, (name, bound) => {
    const what = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`;
    const request = requests.get(name);
    if (request === undefined) return `${what}.  No request is specified`;
    return compareQuantities(request, bound) > 0 ? `${what}, but request is ${formatQuantity(request)}` : undefined;
  });
}

function ratios({ type, maxLimitRequestRatio }: Item, { requests, limits }: Asked): string[] {
  return each(maxLimitRequestRatio, (name, bound) => {
    const what = `${name} max limit to request ratio per ${type} is ${formatQuantity(bound)}`;
    const [request, limit] = [requests.get(name), limits.get(name)];
    if (request === undefined || request.nano === 0n) return `${what}, but no request is specified or request is 0`;
    if (limit === undefined || limit.nano === 0n) return `${what}, but no limit is specified or limit is 0`;
    const ratio = Number(limit.nano) / Number(request.nano);
    return ratio > Number(bound.nano) / 1e9 ? `${what}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
  });
}

function each(bounds: Quantities | undefined, error: (name: string, bound: Quantity) => string | undefined): string[] {
  const names = Object.entries(bounds ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return names.flatMap(([name, bound]) => error(name, quantity(bound)) ?? []);
}
