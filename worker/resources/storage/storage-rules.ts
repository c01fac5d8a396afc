/** Rules of the group storage.k8s.io (pkg/apis/storage/validation). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { CSIDriver, CSINode, CSIStorageCapacity, Quantity, StorageClass, VolumeAttachment } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { quantity } from "../../../protocol/quantity.ts";
import { driverNameErrors } from "../core/volume-object-rules.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { immutableField } from "../rules/data-rules.ts";
import { duplicatesAt, forbidden, invalid, invalidFor, nonNegative, notSupported, oneOf, required, tooLong } from "../rules/field-errors.ts";
import { dns1123SubdomainErrors, qualifiedNameErrors } from "../rules/names.ts";

const bindingModes = ["Immediate", "WaitForFirstConsumer"];
const parametersLimit = 512;
const parametersLimitBytes = 256 * 1024;

export function storageClassErrors({ provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies }: StorageClass): FieldError[] {
  const policies = ["Delete", "Retain"];
  return [
    ...(provisioner === "" ? [required("provisioner", provisioner)] : invalidFor("provisioner", provisioner, qualifiedNameErrors(provisioner.toLowerCase()))),
    ...parametersErrors(parameters),
    ...(reclaimPolicy === undefined || policies.includes(reclaimPolicy) ? [] : [notSupported("reclaimPolicy", reclaimPolicy, policies)]),
    ...oneOf("volumeBindingMode", volumeBindingMode, bindingModes),
    ...(allowedTopologies ?? []).flatMap(({ matchLabelExpressions = [] }, at) =>
      topologyErrors(`allowedTopologies[${at}].matchLabelExpressions`, matchLabelExpressions),
    ),
  ];
}

function parametersErrors(parameters: Record<string, string> | undefined): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return [
    ...(entries.length > parametersLimit ? [tooLong("parameters", parametersLimit)] : []),
    ...(entries.some(([key]) => key === "") ? [invalid("parameters", "", "field can not be empty.")] : []),
    ...(bytes > parametersLimitBytes ? [tooLong("parameters", parametersLimitBytes)] : []),
  ];
}

function topologyErrors(path: string, expressions: { key: string; values?: string[] }[]): FieldError[] {
  const each = expressions.flatMap(({ key, values = [] }, at) => [
    ...invalidFor(`${path}[${at}].key`, key, qualifiedNameErrors(key)),
    ...(values.length === 0 ? [required(`${path}[${at}].values`)] : []),
    ...duplicatesAt(values, (value) => value, (index) => `${path}[${at}].values[${index}]`),
  ]);
  return [...each, ...duplicatesAt(expressions, ({ key }) => key, (at) => `${path}[${at}].key`)];
}

export function storageClassUpdateErrors(next: StorageClass, previous: StorageClass): FieldError[] {
  const changed = (["parameters", "provisioner", "reclaimPolicy"] as const).filter((field) => !isEqual(next[field], previous[field]));
  return [
    ...changed.map((field) => forbidden(field, `updates to ${field} are forbidden.`)),
    ...immutableField("volumeBindingMode", next.volumeBindingMode, previous.volumeBindingMode),
  ];
}

const fsGroupPolicies = ["File", "None", "ReadWriteOnceWithFSType"];
const lifecycleModes = ["Ephemeral", "Persistent"];
const shortestTokenSeconds = 600;
const longestTokenSeconds = 2 ** 32;

export function csiDriverErrors({ metadata, spec }: CSIDriver): FieldError[] {
  const { fsGroupPolicy, volumeLifecycleModes: modes = [], tokenRequests = [], nodeAllocatableUpdatePeriodSeconds: period } = spec;
  return [
    ...(metadata?.name ? driverNameErrors("metadata.name", metadata.name) : []),
    ...(fsGroupPolicy === undefined || fsGroupPolicies.includes(fsGroupPolicy) ? [] : [notSupported("spec.fsGroupPolicy", fsGroupPolicy, fsGroupPolicies)]),
    ...duplicatesAt(tokenRequests, ({ audience }) => audience, (at) => `spec.tokenRequests[${at}].audience`),
    ...tokenRequests.flatMap(({ expirationSeconds: seconds }, at) => tokenErrors(`spec.tokenRequests[${at}].expirationSeconds`, seconds)),
    ...modes.flatMap((mode) => (lifecycleModes.includes(mode) ? [] : [notSupported("spec.volumeLifecycleModes", mode, lifecycleModes)])),
    ...(period !== undefined && period < 10 ? [invalid("spec.nodeAllocatableUpdatePeriodSeconds", period, "must be greater than or equal to 10 seconds")] : []),
  ];
}

function tokenErrors(path: string, seconds: number | undefined): FieldError[] {
  if (seconds === undefined) return [];
  if (seconds < shortestTokenSeconds) return [invalid(path, seconds, "may not specify a duration less than 10 minutes")];
  return seconds > longestTokenSeconds ? [invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")] : [];
}

export function csiDriverUpdateErrors({ spec }: CSIDriver, { spec: before }: CSIDriver): FieldError[] {
  return [
    ...immutableField("spec.attachedRequired", spec.attachRequired, before.attachRequired),
    ...immutableField("spec.volumeLifecycleModes", spec.volumeLifecycleModes, before.volumeLifecycleModes),
  ];
}

const nodeIdLimit = 192;

export function csiNodeErrors({ spec }: CSINode): FieldError[] {
  const drivers = spec.drivers ?? []; // required by the type, absent in what is still to be validated
  const each = drivers.flatMap(({ name, nodeID, topologyKeys = [], allocatable }, at) => {
    const path = `spec.drivers[${at}]`;
    return [
      ...driverNameErrors(`${path}.name`, name),
      ...(nodeID === "" ? [required(`${path}.nodeID`)] : []),
      ...(nodeID.length > nodeIdLimit ? [invalid(`${path}.nodeID`, nodeID, `must be ${nodeIdLimit} characters or less`)] : []),
      ...nonNegative(`${path}.allocatable.count`, allocatable?.count),
      ...topologyKeys.flatMap((key) => invalidFor(`${path}.topologyKeys`, key, qualifiedNameErrors(key))),
      ...duplicatesAt(topologyKeys, (key) => key, () => `${path}.topologyKeys`),
    ];
  });
  return [...each, ...duplicatesAt(drivers, ({ name }) => name, (at) => `spec.drivers[${at}].name`)];
}

/** A driver that is there stays as it is, but for how much it can take; it can go, and others can come. */
export function csiNodeUpdateErrors({ spec }: CSINode, { spec: before }: Stored<CSINode>): FieldError[] {
  return (spec.drivers ?? []).flatMap((driver, at) => {
    const old = before.drivers.find(({ name }) => name === driver.name);
    if (old === undefined) return [];
    const { allocatable: _next, ...next } = driver;
    const { allocatable: _old, ...previous } = old;
    return isEqual(next, previous) ? [] : [invalid(`spec.drivers[${at}]`, driver, "field is immutable")];
  });
}

export function storageCapacityErrors({ storageClassName, nodeTopology, capacity, maximumVolumeSize }: CSIStorageCapacity): FieldError[] {
  const size = (path: string, value: Quantity | undefined): FieldError[] =>
    value !== undefined && quantity(value).nano < 0n ? [invalid(path, value, "must be greater than or equal to 0")] : [];
  return [
    ...invalidFor("storageClassName", storageClassName, dns1123SubdomainErrors(storageClassName)),
    ...labelSelectorErrors("nodeTopology", nodeTopology),
    ...size("capacity", capacity),
    ...size("maximumVolumeSize", maximumVolumeSize),
  ];
}

export function attachmentErrors({ spec }: VolumeAttachment): FieldError[] {
  const { attacher, source = {}, nodeName } = spec;
  return [
    ...driverNameErrors("spec.attacher", attacher),
    ...sourceErrors("spec.source", source),
    ...invalidFor("spec.nodeName", nodeName, dns1123SubdomainErrors(nodeName)),
  ];
}

function sourceErrors(path: string, { inlineVolumeSpec, persistentVolumeName: name }: VolumeAttachment["spec"]["source"]): FieldError[] {
  const exactlyOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (inlineVolumeSpec === undefined && name === undefined) return [required(path, exactlyOne)];
  if (inlineVolumeSpec !== undefined && name !== undefined) return [forbidden(path, exactlyOne)];
  return name === undefined ? [] : invalidFor(`${path}.persistentVolumeName`, name, dns1123SubdomainErrors(name));
}
