/** `node examples/image/build.ts FILE`: writes the example images as a `docker save` archive, for `npm run load`. */
import { writeFileSync } from "node:fs";
import { argv, stderr } from "node:process";
import { exampleArchive } from "./images.ts";

const [path] = argv.slice(2);
if (path === undefined) {
  stderr.write("usage: node examples/image/build.ts FILE\n");
  process.exitCode = 2;
} else writeFileSync(path, await exampleArchive());
