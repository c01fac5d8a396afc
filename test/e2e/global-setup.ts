import { sweepLeftovers } from "./harness/owner.ts";
import { sweepSecondHosts } from "./harness/second-host.ts";

/** A run that was killed left its cluster behind: it is removed before this one begins. */
export async function setup(): Promise<void> {
  await sweepLeftovers();
  sweepSecondHosts();
}
