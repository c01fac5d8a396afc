/** Rules of PersistentVolumes and their claims (pkg/apis/core/validation). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { PersistentVolume, PersistentVolumeClaim, Quantity } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { compareQuantities, quantity } from "../../../protocol/quantity.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { immutableField } from "../rules/data-rules.ts";
import { forbidden, invalid, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { dns1123SubdomainErrors } from "../rules/names.ts";
import { nodeSelectorErrors } from "../rules/scheduling-rules.ts";

type VolumeSpec = NonNullable<PersistentVolume["spec"]>;
type ClaimSpec = NonNullable<PersistentVolumeClaim["spec"]>;

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const volumeModes = ["Block", "Filesystem"];
const reclaimPolicies = ["Delete", "Recycle", "Retain"];

export function persistentVolumeErrors({ spec = {} }: PersistentVolume): FieldError[] {
  const { accessModes: modes = [], persistentVolumeReclaimPolicy: policy, volumeMode } = spec;
  return [
    ...(modes.length === 0 ? [required("spec.accessModes")] : []),
    ...accessModesErrors(modes),
    ...capacityErrors(spec.capacity ?? {}),
    ...(policy === undefined || reclaimPolicies.includes(policy)
      ? []
      : [notSupported("spec.persistentVolumeReclaimPolicy", policy, reclaimPolicies)]),
    ...affinityErrors(spec),
    ...sourceErrors(spec),
    ...classErrors(spec),
    ...(volumeMode === undefined || volumeModes.includes(volumeMode) ? [] : [notSupported("spec.volumeMode", volumeMode, volumeModes)]),
  ];
}

function accessModesErrors(modes: string[]): FieldError[] {
  const errors = modes.filter((mode) => !accessModes.includes(mode)).map((mode) => notSupported("spec.accessModes", mode, accessModes));
  if (modes.length < 2 || !modes.includes("ReadWriteOncePod")) return errors;
  return [...errors, forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes")];
}

function capacityErrors(capacity: Record<string, Quantity>): FieldError[] {
  const names = Object.keys(capacity);
  if (names.length === 0) return [required("spec.capacity")];
  const errors = names.length === 1 && "storage" in capacity ? [] : [notSupported("spec.capacity", capacity, ["storage"])];
  return [...errors, ...Object.entries(capacity).flatMap(([name, size]) => sizeErrors(`spec.capacity[${name}]`, size))];
}

function sizeErrors(path: string, size: Quantity): FieldError[] {
  return quantity(size).nano > 0n ? [] : [invalid(path, size, "must be greater than zero")];
}

function affinityErrors({ nodeAffinity, local }: VolumeSpec): FieldError[] {
  if (nodeAffinity === undefined) return local === undefined ? [] : [required("spec.nodeAffinity", "Local volume requires node affinity")];
  if (nodeAffinity.required === undefined) return [required("spec.nodeAffinity.required", "must specify required node constraints")];
  return nodeSelectorErrors("spec.nodeAffinity.required", nodeAffinity.required);
}

/** Everything in the spec that is not one of these says where the volume is. */
const aboutVolumes = new Set([
  "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy", "storageClassName",
  "volumeAttributesClassName", "volumeMode",
]);

function sourceOf(spec: VolumeSpec): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([name, value]) => !aboutVolumes.has(name) && value !== undefined));
}

function sourceErrors(spec: VolumeSpec): FieldError[] {
  const kinds = Object.keys(sourceOf(spec));
  if (kinds.length === 0) return [required("spec", "must specify a volume type")];
  const more = kinds.slice(1).map((kind) => forbidden(`spec.${kind}`, "may not specify more than 1 volume type"));
  return [...more, ...ofSource(spec)];
}

function ofSource({ hostPath, local, nfs, csi, persistentVolumeReclaimPolicy: policy }: VolumeSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (hostPath !== undefined) {
    errors.push(...pathErrors("spec.hostPath.path", hostPath.path));
    if (hostPath.path === "/" && policy === "Recycle") errors.push(forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath of '/'"));
  }
  if (local !== undefined) errors.push(...pathErrors("spec.local.path", local.path));
  if (nfs !== undefined) {
    if (nfs.server === "") errors.push(required("spec.nfs.server"));
    if (nfs.path === "") errors.push(required("spec.nfs.path"));
    else if (!nfs.path.startsWith("/")) errors.push(invalid("spec.nfs.path", nfs.path, "must be an absolute path"));
  }
  if (csi !== undefined) {
    errors.push(...driverNameErrors("spec.csi.driver", csi.driver));
    if (csi.volumeHandle === "") errors.push(required("spec.csi.volumeHandle"));
  }
  return errors;
}

function pathErrors(path: string, value: string): FieldError[] {
  if (value === "") return [required(path)];
  return value.split("/").includes("..") ? [invalid(path, value, "must not contain '..'")] : [];
}

const driverLimit = 63;

/** Of a CSI driver: a DNS subdomain of at most 63 characters, in either case. */
export function driverNameErrors(path: string, name: string): FieldError[] {
  if (name === "") return [required(path)];
  const tooLong: FieldError[] = name.length > driverLimit
    ? [{ reason: "FieldValueTooLong", path, message: `Too long: may not be more than ${driverLimit} bytes` }]
    : [];
  return [...tooLong, ...invalidFor(path, name, dns1123SubdomainErrors(name.toLowerCase()))];
}

function classErrors(spec: VolumeSpec): FieldError[] {
  const { storageClassName: storage, volumeAttributesClassName: attributes } = spec;
  const errors = storage ? invalidFor("spec.storageClassName", storage, dns1123SubdomainErrors(storage)) : [];
  if (attributes === undefined) return errors;
  if (attributes === "") errors.push(required("spec.volumeAttributesClassName", "an empty string is disallowed"));
  else errors.push(...invalidFor("spec.volumeAttributesClassName", attributes, dns1123SubdomainErrors(attributes)));
  if (spec.csi === undefined) errors.push(required("spec.csi", "has to be specified when using volumeAttributesClassName"));
  return errors;
}

export function persistentVolumeUpdateErrors({ spec = {} }: PersistentVolume, { spec: before = {} }: Stored<PersistentVolume>): FieldError[] {
  const errors: FieldError[] = [];
  if (!isEqual(sourceOf(spec), sourceOf(before))) {
    errors.push(forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"));
  }
  errors.push(...immutableField("spec.volumeMode", spec.volumeMode, before.volumeMode));
  if (before.nodeAffinity !== undefined) errors.push(...immutableField("spec.nodeAffinity", spec.nodeAffinity, before.nodeAffinity));
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"));
  }
  return errors;
}

export function claimErrors({ spec = {} }: PersistentVolumeClaim): FieldError[] {
  const { accessModes: modes = [], volumeMode, storageClassName, volumeAttributesClassName: attributes } = spec;
  const size = spec.resources?.requests?.["storage"];
  return [
    ...(modes.length === 0 ? [required("spec.accessModes", "at least 1 access mode is required")] : []),
    ...labelSelectorErrors("spec.selector", spec.selector),
    ...accessModesErrors(modes),
    ...(size === undefined ? [required("spec.resources[storage]")] : sizeErrors("spec.resources[storage]", size)),
    ...(storageClassName ? invalidFor("spec.storageClassName", storageClassName, dns1123SubdomainErrors(storageClassName)) : []),
    ...(volumeMode === undefined || volumeModes.includes(volumeMode) ? [] : [notSupported("spec.volumeMode", volumeMode, volumeModes)]),
    ...(["dataSource", "dataSourceRef"] as const).flatMap((field) => dataSourceErrors(`spec.${field}`, spec[field])),
    ...(attributes ? invalidFor("spec.volumeAttributesClassName", attributes, dns1123SubdomainErrors(attributes)) : []),
  ];
}

function dataSourceErrors(path: string, source: ClaimSpec["dataSource"]): FieldError[] {
  if (source === undefined) return [];
  const { name, kind, apiGroup = "" } = source;
  return [
    ...(name === "" ? [required(`${path}.name`)] : []),
    ...(kind === "" ? [required(`${path}.kind`)] : []),
    ...(apiGroup === "" && kind !== "PersistentVolumeClaim"
      ? [invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")]
      : []),
  ];
}

const onlyThese = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

/** What nobody chose yet may still be filled in; a bound claim may ask for more, and take back what was not given yet. */
export function claimUpdateErrors({ spec = {} }: PersistentVolumeClaim, previous: Stored<PersistentVolumeClaim>): FieldError[] {
  const before = previous.spec ?? {};
  const isBound = previous.status?.phase === "Bound";
  const comparable: ClaimSpec = { ...spec };
  if (!before.volumeName) fill(comparable, before, "volumeName");
  if (before.storageClassName === undefined) fill(comparable, before, "storageClassName");
  if (isBound) {
    fill(comparable, before, "volumeAttributesClassName");
    const requests = before.resources?.requests;
    const { requests: _asked, ...resources } = spec.resources ?? {};
    comparable.resources = { ...resources, ...(requests === undefined ? {} : { requests }) };
  }
  const errors = isEqual(comparable, before) ? [] : [forbidden("spec", onlyThese)];
  if (isBound) errors.push(...shrinkErrors(spec, previous));
  return [...errors, ...immutableField("spec.volumeMode", spec.volumeMode, before.volumeMode)];
}

function fill<K extends keyof ClaimSpec>(target: ClaimSpec, source: ClaimSpec, field: K): void {
  if (source[field] === undefined) delete target[field];
  else target[field] = source[field];
}

function shrinkErrors(spec: ClaimSpec, { spec: before, status }: Stored<PersistentVolumeClaim>): FieldError[] {
  const [asked, last] = [spec.resources?.requests?.["storage"], before?.resources?.requests?.["storage"]];
  if (asked === undefined || last === undefined || compareQuantities(quantity(asked), quantity(last)) >= 0) return [];
  const given = quantity(status?.capacity?.["storage"] ?? "0");
  if (compareQuantities(quantity(asked), given) > 0) return [];
  return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")];
}
