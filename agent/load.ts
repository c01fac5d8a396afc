/**
 * `npm run load -- image.tar [--state-dir DIR]`: puts the images of a `docker save` or OCI archive into this host's
 * node, where pods find them under their names. `--example` builds and loads the images of the example.
 */
import { existsSync } from "node:fs";
import { stderr, stdout } from "node:process";
import { Command } from "commander";
import { exampleArchive } from "../examples/image/images.ts";
import { loadImage } from "./host/load-image.ts";
import { namesOf } from "./host/names.ts";

interface LoadOptions {
  stateDir: string;
  example?: boolean;
}

async function load(paths: string[], { stateDir, example }: LoadOptions): Promise<void> {
  if (paths.length === 0 && !example) throw new Error("name the archives to load, as `docker save` or an OCI tool wrote them");
  const { containerdSocket } = namesOf(stateDir);
  if (!existsSync(containerdSocket)) throw new Error(`no node runs for ${stateDir}: start it first, with npm start`);
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`${missing}: no such file`);
  const archives = [...paths, ...(example ? [await exampleArchive()] : [])];
  for (const archive of archives) {
    for (const name of await loadImage(containerdSocket, archive)) stdout.write(`loaded ${name}\n`);
  }
}

const command = new Command("load")
  .description("Puts images of a docker save or OCI archive into this host's node.")
  .argument("[archives...]", "archives to load")
  .option("--state-dir <dir>", "state directory of the node", ".kedge")
  .option("--example", "build and load the example's images");
command.parse();
await load(command.args, command.opts<LoadOptions>()).catch((error: Error) => {
  stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
