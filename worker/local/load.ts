/** `npm run load -- image.tar`: puts an image into this host's node. */
import { join } from "node:path";
import { definedEnvironment } from "./command.ts";
import { defaultStateDir, repository } from "./paths.ts";

const args = process.argv.slice(2);
const stateDir = args.includes("--state-dir") ? [] : ["--state-dir", defaultStateDir];
process.removeAllListeners("warning");
// Archives are named relative to where the user is; npm changed to the repository's folder.
process.chdir(process.env.INIT_CWD ?? ".");
process.execve?.(process.execPath, [process.execPath, join(repository, "agent/load.ts"), ...stateDir, ...args], definedEnvironment());
