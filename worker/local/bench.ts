/** `npm run bench`: see test/bench/main.ts. */
import { join } from "node:path";
import { definedEnvironment } from "./command.ts";
import { repository } from "./paths.ts";

process.removeAllListeners("warning");
const script = join(repository, "test/bench/main.ts");
process.execve?.(process.execPath, [process.execPath, script, ...process.argv.slice(2)], definedEnvironment());
