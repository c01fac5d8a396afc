/** Takes away what one state directory's network left on the host; needs its names only, and works after a crash. */
import { readdirSync, rmSync } from "node:fs";
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
  if (isEmpty(names.runtimeDir)) rmSync(names.runtimeDir, { recursive: true });
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return false;
  }
}
