/** `npm run load -- image.tar`: puts an image into this host's node. */
import { join } from "node:path";
import { definedEnvironment } from "./command.ts";
import { repository } from "./paths.ts";

process.removeAllListeners("warning");
process.chdir(process.env.INIT_CWD ?? ".");
const script = join(repository, "agent/load.ts");
process.execve?.(process.execPath, [process.execPath, "--disable-warning=ExperimentalWarning", script, ...process.argv.slice(2)], definedEnvironment());
