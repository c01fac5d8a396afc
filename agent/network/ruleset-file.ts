/**
 * The programmed ruleset between two runs of the agent: a restart then changes only what differs, and round-robin and
 * session affinity go on. The file is in /run (a reboot empties the kernel too) and is used once: after a crash there
 * is none, and the table is replaced whole.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasTable } from "./nft.ts";
import type { Frame, Ruleset } from "./ruleset.ts";

interface Saved {
  frame: string;
  sets: [string, string][];
  chains: [string, string[]][];
  elements: [string, [string, string][]][];
}

const pathIn = (runtimeDir: string): string => join(runtimeDir, "ruleset.json");

export function writeRuleset(runtimeDir: string, frame: Frame, ruleset: Ruleset): void {
  const saved: Saved = {
    frame: frame.body,
    sets: [...ruleset.sets],
    chains: [...ruleset.chains].map(([name, rules]) => [name, [...rules]]),
    elements: [...ruleset.elements].map(([name, entries]) => [name, [...entries]]),
  };
  mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
  writeFileSync(pathIn(runtimeDir), JSON.stringify(saved), { mode: 0o600 });
}

/** What the last run left, if the table is still there and has the same frame. */
export async function readRuleset(runtimeDir: string, frame: Frame): Promise<Ruleset | undefined> {
  try {
    const saved = JSON.parse(readFileSync(pathIn(runtimeDir), "utf8")) as Saved; // our own file
    if (saved.frame !== frame.body || !(await hasTable(frame.table))) return undefined;
    const elements = new Map(saved.elements.map(([name, entries]) => [name, new Map(entries)]));
    return { sets: new Map(saved.sets), chains: new Map(saved.chains), elements };
  } catch {
    return undefined;
  } finally {
    rmSync(pathIn(runtimeDir), { force: true });
  }
}
