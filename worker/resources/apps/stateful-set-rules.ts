/** Rules of StatefulSets (pkg/apis/apps/validation). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { StatefulSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { forbidden, invalid, invalidFor, nonNegative, oneOf, required } from "../rules/field-errors.ts";
import { dns1123LabelErrors } from "../rules/names.ts";
import type { FieldError } from "../resource.ts";
import { workloadErrors } from "./workload-rules.ts";

type Spec = NonNullable<StatefulSet["spec"]>;

export function statefulSetErrors({ spec, metadata }: StatefulSet): FieldError[] {
  if (spec === undefined) return [required("spec.selector")];
  const name = metadata?.name ?? "";
  return [
    // Its pods carry its name as hostname.
    ...(name === "" ? [] : invalidFor("metadata.name", name, dns1123LabelErrors(name))),
    ...oneOf("spec.podManagementPolicy", spec.podManagementPolicy, ["OrderedReady", "Parallel"]),
    ...strategyErrors(spec.updateStrategy ?? {}),
    ...retentionErrors(spec),
    ...nonNegative("spec.ordinals.start", spec.ordinals?.start),
    ...workloadErrors({ ...spec, template: withClaims(spec) }, "StatefulSet", "statefulset"),
  ];
}

/** The template as its pods will be: claims become volumes of their name, so that mounts may refer to them. */
function withClaims({ template, volumeClaimTemplates = [] }: Spec): Spec["template"] {
  const { volumes = [] } = template?.spec ?? {};
  const claims = volumeClaimTemplates.flatMap(({ metadata }) => (metadata?.name ? [metadata.name] : []));
  const added = claims.filter((name) => !volumes.some((volume) => volume.name === name)).map((name) => ({ name, emptyDir: {} }));
  if (template?.spec === undefined || added.length === 0) return template;
  return { ...template, spec: { ...template.spec, volumes: [...volumes, ...added] } };
}

function strategyErrors({ type, rollingUpdate }: NonNullable<Spec["updateStrategy"]>): FieldError[] {
  const path = "spec.updateStrategy";
  if (type === undefined || type === "") return [required(path)];
  if (type === "RollingUpdate") return nonNegative(`${path}.rollingUpdate.partition`, rollingUpdate?.partition);
  if (type !== "OnDelete") return [invalid(path, { type }, "must be 'RollingUpdate' or 'OnDelete'")];
  if (rollingUpdate === undefined) return [];
  return [invalid(`${path}.rollingUpdate`, rollingUpdate, `only allowed for updateStrategy 'RollingUpdate'`)];
}

function retentionErrors({ persistentVolumeClaimRetentionPolicy: policy = {} }: Spec): FieldError[] {
  const path = "spec.persistentVolumeClaimRetentionPolicy";
  return (["whenDeleted", "whenScaled"] as const).flatMap((field) => oneOf(`${path}.${field}`, policy[field], ["Delete", "Retain"]));
}

const changeable = [
  "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
] as const;

const onlyThese =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
  "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export function statefulSetUpdateErrors({ spec }: StatefulSet, previous: Stored<StatefulSet>): FieldError[] {
  const lasting = (one: Partial<Spec> | undefined): object => {
    const rest = { ...one };
    for (const field of changeable) delete rest[field];
    return rest;
  };
  return isEqual(lasting(spec), lasting(previous.spec)) ? [] : [forbidden("spec", onlyThese)];
}
