/** Rules of the group resource.k8s.io: who asks for devices, and who has them (pkg/apis/resource/validation). */
import type {
  DeviceClass,
  DeviceClassConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  ResourceClaimSpec,
  ResourceSlice,
} from "../../../protocol/kubernetes/generated/types.ts";
import { driverNameErrors } from "../core/volume-object-rules.ts";
import type { FieldError } from "../resource.ts";
import { immutableField } from "../rules/data-rules.ts";
import { duplicatesAt, invalid, invalidFor, notSupported, required, tooMany } from "../rules/field-errors.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors } from "../rules/names.ts";
import { nodeSelectorErrors } from "../rules/scheduling-rules.ts";

const listLimit = 32;
const subRequestsLimit = 8;
const devicesLimit = 128;

const limited = (path: string, list: unknown[], most: number): FieldError[] => (list.length > most ? [tooMany(path, list.length, most)] : []);

export function deviceClassErrors({ spec }: DeviceClass): FieldError[] {
  return [...selectorsErrors("spec.selectors", spec.selectors), ...configErrors("spec.config", spec.config)];
}

/** Whether the expressions are CEL is for whoever evaluates them. */
function selectorsErrors(path: string, selectors: DeviceSelector[] | undefined): FieldError[] {
  const list = selectors ?? [];
  const each = list.flatMap(({ cel }, at) => {
    if (cel === undefined) return [required(`${path}[${at}].cel`)];
    return cel.expression.trim() === "" ? [required(`${path}[${at}].cel.expression`)] : [];
  });
  return [...limited(path, list, listLimit), ...each];
}

function configErrors(path: string, config: DeviceClassConfiguration[] | undefined): FieldError[] {
  const list = config ?? [];
  const each = list.flatMap(({ opaque }, at) => {
    if (opaque === undefined) return [required(`${path}[${at}].opaque`)];
    const isObject = typeof opaque.parameters === "object" && opaque.parameters !== null;
    return [
      ...driverNameErrors(`${path}[${at}].opaque.driver`, opaque.driver),
      ...(isObject ? [] : [required(`${path}[${at}].opaque.parameters`)]),
    ];
  });
  return [...limited(path, list, listLimit), ...each];
}

/** `path`: `spec`, or `spec.spec` of a template. */
export function claimSpecErrors(path: string, spec: ResourceClaimSpec | undefined): FieldError[] {
  const { requests = [], constraints = [], config } = spec?.devices ?? {};
  const place = `${path}.devices`;
  const names = new Set(requests.flatMap(({ name, firstAvailable = [] }) => [name, ...firstAvailable.map((sub) => `${name}/${sub.name}`)]));
  return [
    ...limited(`${place}.requests`, requests, listLimit),
    ...requests.flatMap((request, at) => requestErrors(`${place}.requests[${at}]`, request)),
    ...duplicatesAt(requests, ({ name }) => name, (at) => `${place}.requests[${at}].name`),
    ...limited(`${place}.constraints`, constraints, listLimit),
    ...constraints.flatMap((constraint, at) => constraintErrors(`${place}.constraints[${at}]`, constraint, names)),
    ...configErrors(`${place}.config`, config),
    ...(config ?? []).flatMap(({ requests: about = [] }, at) => unknownRequests(`${place}.config[${at}].requests`, about, names)),
  ];
}

function unknownRequests(path: string, about: string[], names: Set<string>): FieldError[] {
  return about.flatMap((name, at) =>
    names.has(name) ? [] : [invalid(`${path}[${at}]`, name, "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'")],
  );
}

function labelErrorsOf(path: string, name: string): FieldError[] {
  return name === "" ? [required(path)] : invalidFor(path, name, dns1123LabelErrors(name));
}

function requestErrors(path: string, { name, exactly, firstAvailable }: DeviceRequest): FieldError[] {
  const errors = labelErrorsOf(`${path}.name`, name);
  if ((exactly === undefined) === (firstAvailable === undefined)) {
    const which = "exactly one of `exactly` or `firstAvailable` is required";
    return [...errors, exactly === undefined ? required(path, which) : invalid(path, "", which)];
  }
  if (exactly !== undefined) return [...errors, ...wishErrors(`${path}.exactly`, exactly)];
  const list = firstAvailable ?? [];
  return [
    ...errors,
    ...limited(`${path}.firstAvailable`, list, subRequestsLimit),
    ...list.flatMap((sub, at) => [...labelErrorsOf(`${path}.firstAvailable[${at}].name`, sub.name), ...wishErrors(`${path}.firstAvailable[${at}]`, sub)]),
    ...duplicatesAt(list, (sub) => sub.name, (at) => `${path}.firstAvailable[${at}].name`),
  ];
}

const modes = ["All", "ExactCount"];

type Wish = Omit<DeviceSubRequest, "name">;

function wishErrors(path: string, { deviceClassName, selectors, allocationMode = "", count = 0 }: Wish): FieldError[] {
  return [
    ...(deviceClassName === "" ? [required(`${path}.deviceClassName`)] : invalidFor(`${path}.deviceClassName`, deviceClassName, dns1123SubdomainErrors(deviceClassName))),
    ...selectorsErrors(`${path}.selectors`, selectors),
    ...(modes.includes(allocationMode) ? [] : [notSupported(`${path}.allocationMode`, allocationMode, modes)]),
    ...(allocationMode === "All" && count !== 0 ? [invalid(`${path}.count`, count, `must not be specified when allocationMode is 'All'`)] : []),
    ...(allocationMode === "ExactCount" && count <= 0 ? [invalid(`${path}.count`, count, "must be greater than zero")] : []),
  ];
}

function constraintErrors(path: string, { requests = [], matchAttribute, distinctAttribute }: DeviceConstraint, names: Set<string>): FieldError[] {
  const errors = unknownRequests(`${path}.requests`, requests, names);
  if (matchAttribute === undefined && distinctAttribute === undefined) return [...errors, required(`${path}.matchAttribute`)];
  return errors;
}

/** Mutates. */
export function defaultClaim(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    for (const wish of [...(exactly === undefined ? [] : [exactly]), ...(firstAvailable ?? [])]) {
      wish.allocationMode ||= "ExactCount";
      if (wish.allocationMode === "ExactCount") wish.count ||= 1;
    }
  }
}

const places = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"] as const;

export function sliceErrors({ spec }: ResourceSlice): FieldError[] {
  const { driver, pool, devices = [], nodeName, nodeSelector } = spec;
  const given = places.filter((place) => spec[place] !== undefined && spec[place] !== false);
  const which = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  return [
    ...driverNameErrors("spec.driver", driver),
    ...(pool.name === "" ? [required("spec.pool.name")] : pool.name.split("/").flatMap((part) => invalidFor("spec.pool.name", part, dns1123SubdomainErrors(part)))),
    ...(pool.resourceSliceCount <= 0 ? [invalid("spec.pool.resourceSliceCount", pool.resourceSliceCount, "must be greater than zero")] : []),
    ...(pool.generation < 0 ? [invalid("spec.pool.generation", pool.generation, "must be greater than or equal to zero")] : []),
    ...(given.length === 0 ? [required("spec", which)] : []),
    ...(given.length > 1 ? [invalid("spec", `{${given.map((place) => `\`${place}\``).join(", ")}}`, which)] : []),
    ...(nodeName === undefined ? [] : invalidFor("spec.nodeName", nodeName, dns1123SubdomainErrors(nodeName))),
    ...(nodeSelector === undefined ? [] : nodeSelectorErrors("spec.nodeSelector", nodeSelector)),
    ...limited("spec.devices", devices, devicesLimit),
    ...devices.flatMap(({ name }, at) => labelErrorsOf(`spec.devices[${at}].name`, name)),
    ...duplicatesAt(devices, ({ name }) => name, (at) => `spec.devices[${at}].name`),
  ];
}

export function sliceUpdateErrors({ spec }: ResourceSlice, { spec: before }: ResourceSlice): FieldError[] {
  return [
    ...immutableField("spec.driver", spec.driver, before.driver),
    ...immutableField("spec.pool.name", spec.pool?.name, before.pool?.name),
    ...immutableField("spec.nodeName", spec.nodeName, before.nodeName),
  ];
}
