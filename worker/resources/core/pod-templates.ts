/** PodTemplates: a template for pods, on its own. */
import type { PodTemplate } from "../../../protocol/kubernetes/generated/types.ts";
import { column, labelsText, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { templateErrors } from "../rules/pod-rules.ts";
import { defaultPodSpec } from "./pod-defaults.ts";
import { podWarnings } from "../warnings/pods.ts";

const containersOf = ({ template }: PodTemplate) => template?.spec?.containers ?? [];

export const podTemplates = defineResource<PodTemplate>({
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  schema: "io.k8s.api.core.v1.PodTemplate",
  hasGeneration: true,
  applyDefaults({ template }) {
    if (template?.spec !== undefined) defaultPodSpec(template.spec);
  },
  validate: ({ template }) => templateErrors("template", template),
  warnings: ({ template }) => podWarnings("template.", template ?? {}),
  columns: [
    nameColumn,
    column<PodTemplate>("Containers", "Names of the template's containers.", (object) => containersOf(object).map(({ name }) => name).join(",")),
    column<PodTemplate>("Images", "Images of the template's containers.", (object) => containersOf(object).map(({ image }) => image).join(",")),
    column<PodTemplate>("Pod Labels", "Labels of the template.", ({ template }) => labelsText(template?.metadata?.labels)),
  ],
});
