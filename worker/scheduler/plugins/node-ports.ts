import { resolvable, type Plugin } from "../framework.ts";
import type { HostPort } from "../pod-info.ts";

/** Host ports are free on the node. */
export const nodePorts: Plugin = {
  name: "NodePorts",
  filter: (pod) => {
    if (pod.ports.length === 0) return undefined;
    return (node) => {
      const isTaken = pod.ports.some((wanted) => node.ports.some((taken) => conflicts(wanted, taken)));
      return isTaken ? resolvable("node(s) didn't have free ports for the requested pod ports") : undefined;
    };
  },
};

function conflicts(left: HostPort, right: HostPort): boolean {
  if (left.port !== right.port || left.protocol !== right.protocol) return false;
  return left.ip === right.ip || left.ip === "0.0.0.0" || right.ip === "0.0.0.0";
}
