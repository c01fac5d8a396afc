/** ControllerRevisions: the immutable history of a StatefulSet's template. */
import type { ControllerRevision } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { immutableField } from "../rules/data-rules.ts";
import { defineResource } from "../define.ts";
import { nonNegative, required } from "../rules/field-errors.ts";

export const controllerRevisions = defineResource<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  schema: "io.k8s.api.apps.v1.ControllerRevision",
  validate: ({ data, revision }) => [
    ...(data === undefined ? [required("data", "data is mandatory")] : []),
    ...nonNegative("revision", revision),
  ],
  validateUpdate: (next, previous) => immutableField("data", next.data, previous.data),
  columns: [
    nameColumn,
    column<ControllerRevision>("Controller", "Whose history it belongs to.", controllerText),
    column<ControllerRevision>("Revision", "Its number.", ({ revision }) => revision, integer),
    ageColumn,
  ],
});

/** `statefulset.apps/web` */
function controllerText({ metadata }: ControllerRevision): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return "<none>";
  const [group, version] = owner.apiVersion.split("/");
  return `${owner.kind.toLowerCase()}${version === undefined ? "" : `.${group}`}/${owner.name}`;
}
