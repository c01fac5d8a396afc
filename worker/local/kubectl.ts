/** `npm run -s kubectl -- …` and `npm run -s helm -- …`: becomes the tool, with the cluster's kubeconfig. */
import { definedEnvironment } from "./command.ts";
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
  process.execve?.(file, [name, ...rest], { ...definedEnvironment(), KUBECONFIG: kubeconfig });
}
