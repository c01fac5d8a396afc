/** VolumeAttachments: that a volume be attached to a node. */
import type { VolumeAttachment } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { immutableField } from "../rules/data-rules.ts";
import { statusStrategy } from "../status-strategy.ts";
import { attachmentErrors } from "./storage-rules.ts";

export const volumeAttachments = defineResource<VolumeAttachment>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  schema: "io.k8s.api.storage.v1.VolumeAttachment",
  isNamespaced: false,
  needsResourceVersion: true,
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  validate: attachmentErrors,
  validateUpdate: (next, previous) => immutableField("spec", next.spec, previous.spec),
  subresources: { status: statusStrategy<VolumeAttachment>() },
  columns: [
    nameColumn,
    column<VolumeAttachment>("Attacher", "The driver that attaches.", ({ spec }) => spec.attacher ?? "", { format: "name" }),
    column<VolumeAttachment>("PV", "The volume.", ({ spec }) => spec.source?.persistentVolumeName ?? ""),
    column<VolumeAttachment>("Node", "The node.", ({ spec }) => spec.nodeName ?? ""),
    column<VolumeAttachment>("Attached", "Whether it is.", ({ status }) => status?.attached ?? false, { type: "boolean" }),
    ageColumn,
  ],
});
