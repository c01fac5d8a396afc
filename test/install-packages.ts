/**
 * What tests with real containers need of the machine: the node's own packages and Debian's docker-registry. Installed
 * before the first of them looks; without root nothing is, and those tests say that they were skipped.
 */
import { ensurePackages, findTool } from "../agent/host/packages.ts";
import { run } from "../agent/host/run.ts";

const timeoutMs = 600_000;

export async function setup(): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const report = (line: string) => console.log(line);
  await ensurePackages({ mayInstall: true, report });
  if (findTool("docker-registry") !== undefined || findTool("apt-get") === undefined) return;
  report("installing docker-registry from the distribution's packages");
  const command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "docker-registry"];
  await run(command, { env: { DEBIAN_FRONTEND: "noninteractive" }, timeoutMs });
}
