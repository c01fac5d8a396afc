/** Priority: a pod's priority is its class's, or that of the class that is the default, or zero. */
import type { Pod, PodSpec, PriorityClass } from "../../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../../protocol/status.ts";
import { derived } from "../../settings/settings.ts";
import { lookUp } from "./look-up.ts";
import type { Attributes, Plugin } from "./plugin.ts";

const classes = "priorityclasses.scheduling.k8s.io";
/** Every cluster has them; known here, so that a pod of the system needs no look. */
const builtIn: Record<string, number> = { "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000 };

type Ranked = Pick<PriorityClass, "value" | "preemptionPolicy"> & { name?: string };

export const priority: Plugin = {
  name: "Priority",
  resources: ["pods"],
  needs({ operation, object }) {
    const name = (object as Pod).spec?.priorityClassName;
    return operation !== "CREATE" || !name || name in builtIn ? [] : [`${classes}//${name}`];
  },
  mutate(attributes) {
    const { spec } = attributes.object as Pod; // its shape is checked after this
    if (spec === undefined) return;
    if (attributes.operation === "UPDATE") return keep(spec, attributes.old);
    const ranked = spec.priorityClassName ? classOf(spec.priorityClassName, attributes) : byDefault(attributes.context.settings);
    rejectOther(attributes, spec, ranked);
    if (ranked.name !== undefined) spec.priorityClassName = ranked.name;
    spec.priority = ranked.value;
    spec.preemptionPolicy = ranked.preemptionPolicy ?? "PreemptLowerPriority";
  },
};

/** A client that leaves out what was computed does not take it away. */
function keep(spec: PodSpec, old: Pod | undefined): void {
  if (old?.spec?.priority !== undefined) spec.priority ??= old.spec.priority;
  if (old?.spec?.preemptionPolicy !== undefined) spec.preemptionPolicy ??= old.spec.preemptionPolicy;
}

function classOf(name: string, { object, context }: Attributes): Ranked {
  const found: Ranked | undefined = lookUp<PriorityClass>(context, `${classes}//${name}`) ?? builtInClass(name);
  if (found !== undefined) return { value: found.value, ...(found.preemptionPolicy === undefined ? {} : { preemptionPolicy: found.preemptionPolicy }) };
  throw StatusError.forbidden(aboutOf(object), `no PriorityClass with name ${name} was found`);
}

function builtInClass(name: string): Ranked | undefined {
  const value = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  return value === undefined ? undefined : { value };
}

/** Of several defaults the lowest one counts, as upstream. */
const byDefault = derived([classes], (settings): Ranked => {
  const defaults = settings.list<PriorityClass>(classes).filter(({ globalDefault }) => globalDefault === true);
  const [lowest] = defaults.toSorted((a, b) => a.value - b.value);
  if (lowest === undefined) return { value: 0 };
  const { value, preemptionPolicy, metadata: { name } } = lowest;
  return { name, value, ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }) };
});

/** What is computed may be given, too, if it is the same. */
function rejectOther({ object }: Attributes, spec: PodSpec, { value, preemptionPolicy = "PreemptLowerPriority" }: Ranked): void {
  if (spec.priority !== undefined && spec.priority !== value) {
    const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw StatusError.forbidden(aboutOf(object), why);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    const why = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`;
    throw StatusError.forbidden(aboutOf(object), why);
  }
}

function aboutOf(pod: Pod) {
  return { group: "", kind: "pods", name: pod.metadata?.name ?? "" };
}
