/** What every command of `npm run …` does alike. */
import { Command } from "commander";
import { defaultStateDir } from "./paths.ts";

export function stateDirCommand(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .option("--state-dir <dir>", "state directory of the cluster", defaultStateDir)
    .helpOption("--help", "show this help");
}

/** Runs a command; an error is one line for the user. */
export async function runCommand(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    console.error(`kedge: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

export function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** glibc's malloc keeps an arena per thread and gives little back; for processes that live long and are to stay small. */
export const leanMalloc = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };
