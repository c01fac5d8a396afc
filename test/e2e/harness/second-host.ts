/** A second host on this machine: a network namespace with a link to the first one, on addresses for documentation. */
import { execFileSync } from "node:child_process";

export interface SecondHost {
  namespace: string;
  /** Where the second host reaches the first one. */
  address: string;
  remove(): void;
}

const run = (...command: string[]) => execFileSync(command[0] ?? "", command.slice(1), { stdio: ["ignore", "ignore", "pipe"] });

export function secondHost(): SecondHost {
  const id = `${process.pid % 100_000}`;
  const namespace = `ke2e-${id}`;
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
