/**
 * Routes to the pods of nodes on the same layer-2 network. What was set is recorded in /run: the next run of the agent
 * takes back routes of nodes that left meanwhile, and removal finds all of them.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

/** What turns one set of routes into the other; pure. */
export function routeChange(before: Routes, after: Routes): RouteChange {
  return {
    gone: [...before.keys()].filter((podCidr) => !after.has(podCidr)),
    added: [...after].filter(([podCidr, address]) => before.get(podCidr) !== address),
  };
}

export class PeerRoutes {
  readonly #path: string;
  readonly #report: (line: string) => void;

  constructor(runtimeDir: string, report: (line: string) => void) {
    this.#path = join(runtimeDir, "routes.json");
    this.#report = report;
  }

  /** A peer that is not on our network is left out, and said: the kernel answers `Nexthop has invalid gateway`. */
  async set(routes: Routes): Promise<void> {
    const before = this.#read();
    const { gone, added } = routeChange(before, routes);
    if (gone.length === 0 && added.length === 0) return;
    // Recorded first: a route that is set and not recorded would stay for ever.
    this.#write(new Map([...before, ...routes]));
    for (const podCidr of gone) await succeeds(["ip", "route", "delete", podCidr, "proto", "static"]);
    const refused: string[] = [];
    for (const [podCidr, address] of added) {
      const route = ["ip", "route", "replace", podCidr, "via", address, "proto", "static"];
      await run(route).catch((error: Error) => {
        refused.push(podCidr);
        this.#report(`no route to the pods of ${address}: ${error.message}`);
      });
    }
    this.#write(new Map([...routes].filter(([podCidr]) => !refused.includes(podCidr))));
  }

  #read(): Routes {
    try {
      return new Map(JSON.parse(readFileSync(this.#path, "utf8")) as [string, string][]); // our own file
    } catch {
      return new Map();
    }
  }

  #write(routes: Routes): void {
    if (routes.size === 0) return rmSync(this.#path, { force: true });
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileSync(this.#path, JSON.stringify([...routes]), { mode: 0o600 });
  }
}
