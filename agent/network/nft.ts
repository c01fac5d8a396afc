/** The only door to nft. */
import { run } from "../host/run.ts";

/** Applies commands as one transaction: all or nothing. Nothing to do is nothing run. */
export async function applyNft(commands: string): Promise<void> {
  if (commands !== "") await run(["nft", "-f", "-"], { input: commands, timeoutMs: 30_000 });
}

export async function hasTable(table: string): Promise<boolean> {
  const tables = await run(["nft", "list", "tables", "ip"]);
  return tables.split("\n").includes(`table ip ${table}`);
}

/** Removes a table with all it holds; one that is not there is fine. */
export async function deleteTable(table: string): Promise<void> {
  await applyNft(`table ip ${table} {}\ndelete table ip ${table}\n`);
}
