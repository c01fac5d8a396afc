/**
 * Rules of others that would drop pods' packets. Docker (and ufw) set the policy of iptables' FORWARD chain to DROP; an
 * accept of ours in another table does not help, because every table at a hook has to accept.
 */
import { findTool } from "../host/packages.ts";
import { run, succeeds } from "../host/run.ts";

/** The chain that must let pods pass: Docker leaves DOCKER-USER to others and never flushes it. */
async function chainToOpen(iptables: string): Promise<string | undefined> {
  const rules = await run([iptables, "-w", "-S"]).catch(() => "");
  const lines = rules.split("\n");
  if (lines.includes("-N DOCKER-USER")) return "DOCKER-USER";
  return lines.includes("-P FORWARD DROP") ? "FORWARD" : undefined;
}

const rulesFor = (bridge: string): string[][] => [
  ["-i", bridge, "-m", "comment", "--comment", "kedge", "-j", "ACCEPT"],
  ["-o", bridge, "-m", "comment", "--comment", "kedge", "-j", "ACCEPT"],
];

/** Lets this bridge's packets pass where somebody drops what they do not know. Idempotent. */
export async function openForeignFirewall(bridge: string): Promise<void> {
  const iptables = findTool("iptables");
  const chain = iptables && (await chainToOpen(iptables));
  if (!iptables || !chain) return;
  for (const rule of rulesFor(bridge)) {
    if (await succeeds([iptables, "-w", "-C", chain, ...rule])) continue;
    await run([iptables, "-w", "-I", chain, ...rule]);
  }
}

export async function closeForeignFirewall(bridge: string): Promise<void> {
  const iptables = findTool("iptables");
  const rules = iptables ? await run([iptables, "-w", "-S"]).catch(() => "") : "";
  if (!iptables || !rules.includes(bridge)) return;
  for (const chain of ["DOCKER-USER", "FORWARD"]) {
    for (const rule of rulesFor(bridge)) await succeeds([iptables, "-w", "-D", chain, ...rule]);
  }
}
