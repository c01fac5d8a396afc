/** Takes away what one state directory's network left on the host; needs its names only, and works after a crash. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { HostNames } from "../host/host.ts";
import { closeForeignFirewall } from "./foreign-firewall.ts";
import { removeInterface } from "./interfaces.ts";
import { deleteTable } from "./nft.ts";

export async function removeNetwork(names: HostNames): Promise<void> {
  await deleteTable(names.nftTable);
  await closeForeignFirewall(names.bridge);
  await removeInterface(names.bridge);
  await removeInterface(names.serviceInterface);
  for (const path of [names.cniConfDir, join(names.runtimeDir, "ipam")]) rmSync(path, { recursive: true, force: true });
}
