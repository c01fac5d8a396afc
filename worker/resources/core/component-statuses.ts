/** ComponentStatuses: how the parts of a control plane are. Deprecated for years; answered for those who still ask. */
import type { ComponentCondition, ComponentStatus } from "../../../protocol/kubernetes/generated/types.ts";
import { column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";

export const componentStatuses = defineResource<ComponentStatus>({
  version: "v1",
  kind: "ComponentStatus",
  plural: "componentstatuses",
  shortNames: ["cs"],
  schema: "io.k8s.api.core.v1.ComponentStatus",
  isNamespaced: false,
  isStored: false,
  verbs: ["get", "list"],
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  columns: [
    nameColumn,
    column<ComponentStatus>("Status", "Healthy or Unhealthy.", statusText),
    column<ComponentStatus>("Message", "What it says.", (component) => healthOf(component)?.message ?? ""),
    column<ComponentStatus>("Error", "What is wrong.", (component) => healthOf(component)?.error ?? ""),
  ],
});

function healthOf({ conditions }: ComponentStatus): ComponentCondition | undefined {
  return conditions?.find(({ type }) => type === "Healthy");
}

function statusText(component: ComponentStatus): string {
  switch (healthOf(component)?.status) {
    case "True":
      return "Healthy";
    case "False":
      return "Unhealthy";
    default:
      return "Unknown";
  }
}
