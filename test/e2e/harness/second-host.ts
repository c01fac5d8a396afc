/** A second host on this machine: a network namespace with a link to the first one, on addresses for documentation. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

export interface SecondHost {
  namespace: string;
  /** Where the second host reaches the first one. */
  address: string;
  remove(): void;
}

const run = (...command: string[]) => execFileSync(command[0] ?? "", command.slice(1), { stdio: ["ignore", "ignore", "pipe"] });

const prefix = "ke2e-";
const namespaces = "/run/netns";

/** Removes the hosts of runs that are no more; a host's name has its owner's pid. */
export function sweepSecondHosts(): void {
  if (!existsSync(namespaces)) return;
  for (const name of readdirSync(namespaces).filter((one) => one.startsWith(prefix))) {
    if (!existsSync(`/proc/${name.slice(prefix.length)}`)) removeNamespace(name);
  }
}

export function secondHost(): SecondHost {
  const id = `${process.pid}`;
  const namespace = `${prefix}${id}`;
  const [here, there] = [`ke2a${id}`, `ke2b${id}`];
  const address = "198.51.100.1";
  removeNamespace(namespace);
  run("ip", "netns", "add", namespace);
  run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", namespace);
  run("ip", "address", "add", `${address}/30`, "dev", here);
  run("ip", "link", "set", here, "up");
  const inside = (...command: string[]) => run("ip", "-n", namespace, ...command);
  inside("link", "set", "lo", "up");
  inside("address", "add", "198.51.100.2/30", "dev", there);
  inside("link", "set", there, "up");
  inside("route", "add", "default", "via", address);
  return { namespace, address, remove: () => removeNamespace(namespace) };
}

/** The link goes with its other end. */
function removeNamespace(namespace: string): void {
  try {
    run("ip", "netns", "delete", namespace);
  } catch {
    // There is none.
  }
}
