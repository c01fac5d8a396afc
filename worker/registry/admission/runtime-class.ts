/** RuntimeClass: a pod gets its class's overhead, and runs only where the class can run. */
import type { Pod, PodSpec, RuntimeClass, Toleration } from "../../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import { quantity } from "../../../protocol/quantity.ts";
import { StatusError } from "../../../protocol/status.ts";
import { lookUp } from "./look-up.ts";
import type { Plugin } from "./plugin.ts";

const classes = "runtimeclasses.node.k8s.io";

export const runtimeClass: Plugin = {
  name: "RuntimeClass",
  resources: ["pods"],
  needs({ operation, object }) {
    const name = (object as Pod).spec?.runtimeClassName;
    return operation === "CREATE" && name ? [`${classes}//${name}`] : [];
  },
  mutate({ operation, object, context }) {
    const pod = object as Pod; // its shape is checked after this
    if (operation !== "CREATE" || pod.spec === undefined) return;
    const name = pod.spec.runtimeClassName;
    const found = name ? lookUp<RuntimeClass>(context, `${classes}//${name}`) : undefined;
    if (name && found === undefined) throw forbidden(pod, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
    setOverhead(pod, pod.spec, found);
    if (found?.scheduling !== undefined) setScheduling(pod, pod.spec, found.scheduling);
  },
};

function setOverhead(pod: Pod, spec: PodSpec, found: RuntimeClass | undefined): void {
  const overhead = found?.overhead?.podFixed;
  if (overhead === undefined) {
    if (spec.overhead === undefined || Object.keys(spec.overhead).length === 0) return;
    throw forbidden(pod, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  }
  if (spec.overhead !== undefined && !isSame(spec.overhead, overhead)) {
    throw forbidden(pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  }
  spec.overhead = { ...overhead };
}

type Quantities = Record<string, string | number>;

function isSame(left: Quantities, right: Quantities): boolean {
  const exact = (list: Quantities) => Object.fromEntries(Object.entries(list).map(([name, text]) => [name, quantity(text).nano.toString()]));
  return isEqual(exact(left), exact(right));
}

function setScheduling(pod: Pod, spec: PodSpec, { nodeSelector = {}, tolerations = [] }: NonNullable<RuntimeClass["scheduling"]>): void {
  const own = spec.nodeSelector ?? {};
  const clash = Object.entries(nodeSelector).find(([key, value]) => own[key] !== undefined && own[key] !== value);
  if (clash !== undefined) {
    const [key, value] = clash;
    throw forbidden(pod, `pod rejected: conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key] ?? ""}`);
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...own, ...nodeSelector };
  const missing = tolerations.filter((toleration: Toleration) => !(spec.tolerations ?? []).some((one) => isEqual(one, toleration)));
  if (missing.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...structuredClone(missing)];
}

function forbidden(pod: Pod, why: string): StatusError {
  return StatusError.forbidden({ group: "", kind: "pods", name: pod.metadata?.name ?? "" }, why);
}
