/** Priority, of the classes themselves: one at most is the default of pods that name none. */
import type { PriorityClass } from "../../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { Plugin } from "./plugin.ts";

const classes = "priorityclasses.scheduling.k8s.io";

export const defaultPriorityClass: Plugin = {
  name: "Priority",
  resources: [classes],
  validate({ operation, object, context }) {
    const { globalDefault, metadata: { name = "" } = {} } = object as PriorityClass; // its shape was checked
    if (globalDefault !== true || (operation !== "CREATE" && operation !== "UPDATE")) return [];
    const another = context.settings.list<PriorityClass>(classes).find((one) => one.globalDefault === true && one.metadata.name !== name);
    if (another === undefined) return [];
    const why = `PriorityClass ${another.metadata.name} is already marked as default. Only one default can exist`;
    throw StatusError.forbidden({ group: "scheduling.k8s.io", kind: "priorityclasses", name }, why);
  },
};
