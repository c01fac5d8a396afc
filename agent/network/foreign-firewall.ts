/**
 * Rules of others that would drop pods' packets. Docker and ufw set the policy of iptables' FORWARD chain to DROP (ufw
 * that of INPUT too); an accept of ours in another table does not help, because every table at a hook has to accept. So
 * accepts for this bridge alone go into their chains, and are taken back when the cluster is removed.
 */
import { findTool } from "../host/packages.ts";
import { run, succeeds } from "../host/run.ts";

interface Rule {
  chain: string;
  match: string[];
}

const target = ["-m", "comment", "--comment", "kedge", "-j", "ACCEPT"];

/** The rules that iptables (as `iptables -S` prints it) needs for a bridge; pure. */
export function acceptsNeeded(rules: string, bridge: string, dnsAddress: string): Rule[] {
  const lines = rules.split("\n");
  const needed: Rule[] = [];
  // Docker leaves DOCKER-USER to others and never flushes it.
  const forward = lines.includes("-N DOCKER-USER") ? "DOCKER-USER" : lines.includes("-P FORWARD DROP") ? "FORWARD" : undefined;
  if (forward) needed.push({ chain: forward, match: ["-i", bridge] }, { chain: forward, match: ["-o", bridge] });
  // Pods may ask this host for names, and nothing else: what else they may is the user's firewall's to say.
  if (lines.includes("-P INPUT DROP")) needed.push({ chain: "INPUT", match: ["-d", `${dnsAddress}/32`, "-i", bridge] });
  return needed;
}

/** Tables of nftables proper that drop forwarded packets by policy: we cannot know what they mean, only say so; pure. */
export function droppingTables(chains: string): string[] {
  let table = "";
  return chains.split("\n").flatMap((line) => {
    table = /^table (\S+ \S+)/.exec(line)?.[1] ?? table;
    // `ip filter` is iptables' own.
    return /hook forward .*policy drop/.test(line) && table !== "ip filter" ? [table] : [];
  });
}

/** Lets this bridge's packets pass where somebody drops what they do not know. Idempotent. */
export async function openForeignFirewall(bridge: string, dnsAddress: string, report: (line: string) => void): Promise<void> {
  for (const table of droppingTables(await run(["nft", "list", "chains"]))) {
    report(`the nftables table ${table} drops forwarded packets: pods are cut off unless it accepts the interface ${bridge}`);
  }
  const iptables = findTool("iptables");
  if (!iptables) return;
  const rules = await run([iptables, "-w", "-S"]).catch(() => "");
  for (const { chain, match } of acceptsNeeded(rules, bridge, dnsAddress)) {
    if (await succeeds([iptables, "-w", "-C", chain, ...match, ...target])) continue;
    await run([iptables, "-w", "-I", chain, ...match, ...target]);
  }
}

/** Takes back every rule that names the bridge. */
export async function closeForeignFirewall(bridge: string): Promise<void> {
  const iptables = findTool("iptables");
  const rules = iptables ? await run([iptables, "-w", "-S"]).catch(() => "") : "";
  if (!iptables) return;
  const ours = rules.split("\n").filter((line) => line.includes("--comment kedge") && line.split(" ").includes(bridge));
  for (const line of ours) await run([iptables, "-w", ...line.replace(/^-A/, "-D").split(" ")]);
}
