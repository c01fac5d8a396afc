/** `npm run agent -- --server URL …`: becomes the agent, for a host that joins a cluster by hand. */
import { bundle } from "./build.ts";
import { nodeFlagsOfAgent } from "./agent-process.ts";
import { definedEnvironment, leanMalloc, runCommand } from "./command.ts";

await runCommand(async () => {
  const agent = await bundle("agent");
  process.removeAllListeners("warning");
  process.execve?.(process.execPath, [process.execPath, ...nodeFlagsOfAgent, agent, ...process.argv.slice(2)], { ...definedEnvironment(), ...leanMalloc });
});
