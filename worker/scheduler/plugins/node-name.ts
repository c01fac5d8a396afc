import { unresolvable, type Plugin } from "../framework.ts";

/** A pod that names its node goes nowhere else. */
export const nodeName: Plugin = {
  name: "NodeName",
  filter: (pod) => {
    if (pod.nodeName === "") return undefined;
    return (node) => (node.facts.name === pod.nodeName ? undefined : unresolvable("node(s) didn't match the requested node name"));
  },
};
