/** `npm run -s kubectl -- …` and `npm run -s helm -- …`: becomes the tool, with the cluster's kubeconfig. */
import { join } from "node:path";
import { defaultStateDir, statePaths } from "./paths.ts";
import { type Tool, toolPath } from "./tools.ts";

const [tool, ...args] = process.argv.slice(2);
if (tool !== "kubectl" && tool !== "helm") throw new Error("usage: kubectl.ts kubectl|helm [arguments]");
become(tool, args);

function become(name: Tool, rest: string[]): void {
  const file = toolPath(name);
  const kubeconfig = process.env.KUBECONFIG ?? statePaths(defaultStateDir).kubeconfig;
  // npm changes to the repository's folder; file arguments are relative to where the user is.
  process.chdir(process.env.INIT_CWD ?? ".");
  process.removeAllListeners("warning");
  process.execve?.(file, [join(name), ...rest], { ...definedEnvironment(), KUBECONFIG: kubeconfig });
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
