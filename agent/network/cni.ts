/** The CNI configuration that containerd's CRI plugin reads for each sandbox. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface CniConfig {
  name: string;
  bridge: string;
  podCidr: string;
  /** Where host-local keeps leases: in /run, because a reboot ends all pods and must free their addresses. */
  leaseDir: string;
}

/**
 * The standard bridge plugin with host-local addresses. Masquerade and host ports are our own nftables rules: the
 * plugins' ways need iptables.
 */
export function cniConflist({ name, bridge, podCidr, leaseDir }: CniConfig): string {
  const ipam = { type: "host-local", dataDir: leaseDir, ranges: [[{ subnet: podCidr }]], routes: [{ dst: "0.0.0.0/0" }] };
  const plugin = { type: "bridge", bridge, isGateway: true, ipMasq: false, hairpinMode: true, ipam };
  return JSON.stringify({ cniVersion: "0.4.0", name, plugins: [plugin] }, undefined, 2);
}

/** Written whole or not at all: containerd watches the folder. */
export function writeCniConfig(folder: string, config: CniConfig): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "10-kedge.conflist");
  writeFileSync(`${path}.new`, cniConflist(config));
  renameSync(`${path}.new`, path);
}
