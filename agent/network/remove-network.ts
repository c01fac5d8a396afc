/** Takes away what one state directory's network left on the host; needs its names only, and works after a crash. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HostNames } from "../host/host.ts";
import { closeForeignFirewall } from "./foreign-firewall.ts";
import { removeInterface } from "./interfaces.ts";
import { deleteTable } from "./nft.ts";
import { PeerRoutes } from "./peer-routes.ts";

export async function removeNetwork(names: HostNames): Promise<void> {
  await deleteTable(names.nftTable);
  await closeForeignFirewall(names.bridge);
  await new PeerRoutes(names.runtimeDir, () => undefined).set(new Map());
  await removeInterface(names.bridge);
  await removeInterface(names.serviceInterface);
  for (const path of [names.cniConfDir, join(names.runtimeDir, "ipam"), join(names.runtimeDir, "ruleset.json")]) rmSync(path, { recursive: true, force: true });
  forgetCniResults(names.name);
  if (isEmpty(names.runtimeDir)) rmSync(names.runtimeDir, { recursive: true });
}

/** What the CNI plugins noted of sandboxes that ended without them: `<network>-<sandbox>-eth0`, and loopback's own. */
const cniResults = "/var/lib/cni/results";

function forgetCniResults(network: string): void {
  const notes = filesIn(cniResults);
  const ofNetwork = notes.filter((note) => note.startsWith(`${network}-`));
  const sandboxes = ofNetwork.map((note) => note.slice(network.length + 1).replace(/-eth0$/, ""));
  const loopbacks = sandboxes.map((sandbox) => `cni-loopback-${sandbox}-lo`).filter((note) => notes.includes(note));
  for (const note of [...ofNetwork, ...loopbacks]) rmSync(join(cniResults, note), { force: true });
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isEmpty(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length === 0;
}
