/** What decoding, defaulting and validating cost, without HTTP and the store: in this process, whose V8 is nearly workerd's. */
import { decodeBody } from "../../worker/http/body.ts";
import { planner } from "../../worker/registry/planner.ts";
import { pods } from "../../worker/resources/core/pods.ts";
import { statedRules } from "../../worker/resources/stated-rules.ts";
import type { Figures } from "./measures.ts";
import { percentile, rounded } from "./statistics.ts";
import { typicalPod } from "./typical-pod.ts";

/** Of these the first are not counted: then everything is compiled, as in a Worker that has run for a minute. */
const rounds = 4000;
const warmUp = 1000;

export function validation(): Figures {
  const text = JSON.stringify(typicalPod("typical"));
  const times = Array.from({ length: rounds }, () => timed(() => validated(text)));
  const warm = times.slice(warmUp);
  return {
    "decode, default and validate a pod p50, ms": percentile(warm, 0.5),
    "decode, default and validate a pod p99, ms": percentile(warm, 0.99),
    "decode, default and validate a pod, the first, ms": rounded(times[0] ?? Number.NaN),
  };
}

function timed(action: () => void): number {
  const at = performance.now();
  action();
  return performance.now() - at;
}

/** As a create takes it through body and planner; a pod that has errors would not be measured whole. */
function validated(text: string): void {
  const { object } = decodeBody(pods, { text, type: "application/json" }, "Strict");
  planner.applyDefaults(pods, object);
  const errors = [...statedRules.validate(pods, object), ...pods.validate(object), ...(pods.validateCreate?.(object) ?? [])];
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
}
