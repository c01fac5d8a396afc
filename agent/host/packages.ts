/** The host's packages that pods need: found where distributions put them, or installed on Debian and Ubuntu. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, succeeds } from "./run.ts";

/** Debian's and Ubuntu's place first, then the upstream packages'. */
const cniDirs = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];
const cniPlugins = ["bridge", "host-local", "loopback"];
const sbinDirs = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

interface Requirement {
  what: string;
  debianPackage: string;
  isPresent(): boolean;
}

const requirements: Requirement[] = [
  { what: "containerd", debianPackage: "containerd", isPresent: () => hasTool("containerd") && hasTool("ctr") },
  { what: "runc", debianPackage: "runc", isPresent: () => hasTool("runc") },
  { what: "CNI plugins", debianPackage: "containernetworking-plugins", isPresent: () => findCniDir() !== undefined },
  { what: "nft", debianPackage: "nftables", isPresent: () => hasTool("nft") },
  { what: "ip", debianPackage: "iproute2", isPresent: () => hasTool("ip") },
  { what: "conntrack", debianPackage: "conntrack", isPresent: () => hasTool("conntrack") },
];

/** Full path of a tool; the sbin folders are searched too, which a user's PATH may lack. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...sbinDirs];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function hasTool(name: string): boolean {
  return findTool(name) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The folder that holds every CNI plugin we use. */
export function findCniDir(): string | undefined {
  return cniDirs.find((folder) => cniPlugins.every((plugin) => isExecutable(join(folder, plugin))));
}

export interface PackageOptions {
  mayInstall: boolean;
  report(line: string): void;
}

/**
 * Makes sure that everything is there. What is missing is installed with apt-get if that exists and is allowed;
 * a containerd that came with Docker (package containerd.io) is used as it is, so Docker is never replaced.
 */
export async function ensurePackages({ mayInstall, report }: PackageOptions): Promise<void> {
  requireRoot();
  const missing = requirements.filter((requirement) => !requirement.isPresent());
  if (missing.length === 0) return;
  const what = missing.map((requirement) => requirement.what).join(", ");
  const fix = `apt-get install --no-install-recommends ${missing.map((one) => one.debianPackage).join(" ")}`;
  if (!mayInstall) throw new Error(`${what} not found on this host; install with: sudo ${fix}`);
  if (!hasTool("apt-get")) {
    throw new Error(`${what} not found, and this host has no apt-get: install them with your distribution's tool`);
  }
  report(`installing ${what} from the distribution's packages (${fix})`);
  await install(missing.map((requirement) => requirement.debianPackage));
  const still = requirements.filter((requirement) => !requirement.isPresent());
  if (still.length > 0) throw new Error(`${still.map((one) => one.what).join(", ")} not found even after: ${fix}`);
}

function requireRoot(): void {
  if (process.getuid?.() !== 0) {
    throw new Error("containers, bridges and nftables rules need root: run the same command with sudo");
  }
}

async function install(packages: string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages];
  const timeoutMs = 600_000;
  try {
    await run(command, { env, timeoutMs });
  } catch {
    // Package lists of a fresh machine are empty or stale.
    await run(["apt-get", "update", "-q"], { env, timeoutMs });
    await run(command, { env, timeoutMs });
  }
  // Debian starts and enables the containerd that it installs. Nobody asked for it: we run our own.
  if (packages.includes("containerd")) await succeeds(["systemctl", "disable", "--now", "containerd"], { timeoutMs });
}

/** Adds the sbin folders to PATH for the tools that we and containerd start (containerd looks for runc in PATH). */
export function pathWithSbin(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return [...folders, ...sbinDirs.filter((folder) => !folders.includes(folder) && existsSync(folder))].join(delimiter);
}
