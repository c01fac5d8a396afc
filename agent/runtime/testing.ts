/** For tests: a containerd of its own in a temporary state directory, with a busybox image, and what is needed for it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost } from "../host/create-host.ts";
import type { Host } from "../host/host.ts";
import { imageArchive } from "../host/image-archive.ts";
import { loadImage } from "../host/load-image.ts";

export const busyboxImage = "kedge.test/busybox:1";

export interface TestHost {
  host: Host;
  stateDir: string;
  socket: string;
  close(): Promise<void>;
}

/** Why no containerd can be started here, or undefined. */
export function whyNoContainerd(): string | undefined {
  if (process.getuid?.() !== 0) return "containerd needs root";
  const missing = ["/usr/bin/containerd", "/usr/bin/ctr", "/bin/busybox"].filter((path) => !existsSync(path));
  return missing.length === 0 ? undefined : `not installed: ${missing.join(", ")}`;
}

/** Starts containerd; `pointToPoint` gives pods a network without a bridge, which leaves nothing behind. */
export async function startTestHost(options: { pointToPoint: boolean }): Promise<TestHost> {
  const stateDir = mkdtempSync(join(tmpdir(), "kedge-test-"));
  const host = createHost(stateDir);
  if (options.pointToPoint) writePointToPointNetwork(host.names.cniConfDir, stateDir);
  const { socket } = await host.ensureContainerd();
  await loadImage(socket, await busyboxArchive());
  const close = async (): Promise<void> => {
    await host.remove();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { host, stateDir, socket, close };
}

export function busyboxArchive(): Promise<Buffer> {
  const applets = ["sh", "sleep", "echo", "cat", "ls", "id", "env", "nc", "httpd", "wget", "kill", "date", "seq", "hostname", "stat", "mkdir", "touch", "dd", "true", "false", "stty", "readlink", "mount", "df"];
  return imageArchive({
    name: busyboxImage,
    entrypoint: ["/bin/sh"],
    files: [
      { path: "/bin/busybox", source: "/bin/busybox", mode: 0o755 },
      ...applets.map((applet) => ({ path: `/bin/${applet}`, linkTo: "busybox" })),
      { path: "/tmp", isDirectory: true, mode: 0o1777 },
      { path: "/etc/passwd", content: "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" },
      { path: "/etc/group", content: "root:x:0:\nnogroup:x:65534:\n" },
    ],
  });
}

function writePointToPointNetwork(confDir: string, stateDir: string): void {
  mkdirSync(confDir, { recursive: true });
  const ipam = { type: "host-local", subnet: "198.18.77.0/24", dataDir: join(stateDir, "ipam"), routes: [{ dst: "0.0.0.0/0" }] };
  const conflist = { cniVersion: "0.4.0", name: "test", plugins: [{ type: "ptp", ipam }] };
  writeFileSync(join(confDir, "10-test.conflist"), JSON.stringify(conflist));
}
