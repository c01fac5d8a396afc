/** Routes to the pods of nodes on the same layer-2 network; pure difference and its application. */
import { run, succeeds } from "../host/run.ts";
import type { PeerNode } from "./network.ts";

/** pod CIDR → the node's address */
export type Routes = ReadonlyMap<string, string>;

export function routesTo(peers: Iterable<PeerNode>): Routes {
  return new Map([...peers].map((peer) => [peer.podCidr, peer.address]));
}

export interface RouteChange {
  gone: string[];
  added: [podCidr: string, address: string][];
}

export function routeChange(before: Routes, after: Routes): RouteChange {
  return {
    gone: [...before.keys()].filter((podCidr) => !after.has(podCidr)),
    added: [...after].filter(([podCidr, address]) => before.get(podCidr) !== address),
  };
}

/** A peer that is not on our network is skipped: the kernel says `Nexthop has invalid gateway`. */
export async function applyRoutes({ gone, added }: RouteChange, report: (line: string) => void): Promise<void> {
  for (const podCidr of gone) await succeeds(["ip", "route", "delete", podCidr, "proto", "static"]);
  for (const [podCidr, address] of added) {
    const route = ["ip", "route", "replace", podCidr, "via", address, "proto", "static"];
    await run(route).catch((error: Error) => report(`no route to pods of ${address}: ${error.message}`));
  }
}
