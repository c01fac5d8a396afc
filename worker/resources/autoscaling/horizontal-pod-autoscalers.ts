/** HorizontalPodAutoscalers (autoscaling/v2), as they are stored. */
import type { AutoscalingV2HorizontalPodAutoscaler as HorizontalPodAutoscaler, HPAScalingRules } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { statusStrategy } from "../status-strategy.ts";
import { autoscalerErrors } from "./autoscaler-rules.ts";
import { metricsText } from "./metrics-text.ts";

export const horizontalPodAutoscalers = defineResource<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  schema: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.minReplicas ??= 1;
    spec.metrics ??= [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }];
    if (spec.behavior === undefined) return;
    spec.behavior.scaleUp = { ...upwards(), ...spec.behavior.scaleUp };
    spec.behavior.scaleDown = { ...downwards(), ...spec.behavior.scaleDown };
  },
  prepareForCreate(autoscaler) {
    autoscaler.status = { desiredReplicas: 0 };
  },
  validate: autoscalerErrors,
  subresources: { status: statusStrategy<HorizontalPodAutoscaler>() },
  columns: [
    nameColumn,
    column<HorizontalPodAutoscaler>("Reference", "What it scales.", ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ""}/${spec?.scaleTargetRef?.name ?? ""}`),
    column<HorizontalPodAutoscaler>("Targets", "What it measures, and what it aims at.", metricsText),
    column<HorizontalPodAutoscaler>("MinPods", "Pods at least.", ({ spec }) => String(spec?.minReplicas ?? "<unset>")),
    column<HorizontalPodAutoscaler>("MaxPods", "Pods at most.", ({ spec }) => String(spec?.maxReplicas ?? 0)),
    column<HorizontalPodAutoscaler>("Replicas", "Pods that there are.", ({ status }) => String(status?.currentReplicas ?? 0)),
    ageColumn,
  ],
});

const percent = { type: "Percent", value: 100, periodSeconds: 15 };

/** Doubles or adds four, whatever is more, every fifteen seconds, at once. */
const upwards = (): HPAScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [{ type: "Pods", value: 4, periodSeconds: 15 }, { ...percent }],
});

/** May go down to the least at once, when it was so for the controller's own window. */
const downwards = (): HPAScalingRules => ({ selectPolicy: "Max", policies: [{ ...percent }] });
