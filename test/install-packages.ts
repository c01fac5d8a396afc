/**
 * What tests with real containers need of the machine: the node's own packages, and Debian's registry and busybox.
 * Installed before the first of them looks; without root nothing is, and those tests say that they were skipped.
 */
import { existsSync } from "node:fs";
import { ensurePackages, findTool } from "../agent/host/packages.ts";
import { run } from "../agent/host/run.ts";

const timeoutMs = 600_000;

const forTests: [debianPackage: string, isPresent: () => boolean][] = [
  ["docker-registry", () => findTool("docker-registry") !== undefined],
  ["busybox-static", () => existsSync("/bin/busybox")],
  ["openssl", () => findTool("openssl") !== undefined],
];

export async function setup(): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await ensurePackages({ mayInstall: true, report: (line) => console.log(line) });
  const missing = forTests.filter(([, isPresent]) => !isPresent()).map(([name]) => name);
  if (missing.length === 0 || findTool("apt-get") === undefined) return;
  console.log(`installing ${missing.join(", ")} from the distribution's packages`);
  const command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...missing];
  await run(command, { env: { DEBIAN_FRONTEND: "noninteractive" }, timeoutMs });
}
