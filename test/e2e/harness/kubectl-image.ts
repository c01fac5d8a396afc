/** The image `kubectl:1.35`: stock kubectl beside the example's tools, in a container that sleeps. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageArchive } from "../../../agent/host/image-archive.ts";
import { exampleFiles } from "../../../examples/image/files.ts";
import { toolPath } from "../../../worker/local/tools.ts";
import { type Result, run } from "./cluster.ts";
import { repository } from "./owner.ts";

/** Puts it into the node of a state directory. */
export async function loadKubectlImage(stateDir: string): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "kedge-e2e-kubectl-"));
  try {
    const files = [...exampleFiles(), { path: "/bin/kubectl", source: toolPath("kubectl"), mode: 0o755 }];
    const archive = join(folder, "kubectl.tar");
    writeFileSync(archive, await imageArchive({ name: "kubectl:1.35", files, entrypoint: ["/bin/sleep", "3600"], env: { PATH: "/bin:/usr/bin" } }));
    return await run(process.execPath, [join(repository, "worker/local/bootstrap.mjs"), "load", "--state-dir", stateDir, archive]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
