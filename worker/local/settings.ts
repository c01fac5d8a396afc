/** What a local cluster decided at its first start and keeps: its port, its networks. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { StatePaths } from "./paths.ts";
import { writePrivately } from "./secrets.ts";

export interface Settings {
  /** Of the API, on loopback or on `--listen`. Kept, because kubeconfigs and agents name it. */
  port?: number;
  /** `10.96.0.0/16` in form: cluster IPs and pods of this cluster. */
  serviceCidr: string;
  clusterCidr: string;
}

export function loadSettings(paths: StatePaths): Settings {
  if (existsSync(paths.settings)) return JSON.parse(readFileSync(paths.settings, "utf8"));
  const taken = secondOctetsInUse();
  const settings = { serviceCidr: cidr(paths.dir, "services", taken), clusterCidr: cidr(paths.dir, "pods", taken) };
  saveSettings(paths, settings);
  return settings;
}

export function saveSettings(paths: StatePaths, settings: Settings): void {
  writePrivately(paths.settings, `${JSON.stringify(settings, undefined, 2)}\n`);
}

/**
 * Two clusters on one machine must not share addresses. The networks come from a hash of the state directory, past
 * those that an interface of this machine already has (another cluster's bridge is one).
 */
function cidr(dir: string, purpose: "services" | "pods", taken: Set<number>): string {
  const first = purpose === "services" ? 64 : 128;
  const count = 64;
  const start = createHash("sha256").update(dir).digest().readUInt16BE(purpose === "services" ? 0 : 2) % count;
  for (let step = 0; step < count; step++) {
    const octet = first + ((start + step) % count);
    if (!taken.has(octet)) return `10.${octet}.0.0/16`;
  }
  throw new Error(`no free network below 10.0.0.0/8 for ${purpose}: this machine's interfaces use them all`);
}

function secondOctetsInUse(): Set<number> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const octets = addresses.map(({ address }) => address.split(".")).filter((parts) => parts[0] === "10");
  return new Set(octets.map((parts) => Number(parts[1])));
}
