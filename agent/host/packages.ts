/** The host's packages that pods need: found where distributions put them, or installed on Debian and Ubuntu. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./run.ts";

/** Debian's and Ubuntu's place first, then the upstream packages'. */
const cniDirs = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];
const cniPlugins = ["bridge", "host-local", "loopback"];
const sbinDirs = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

interface Requirement {
  what: string;
  debianPackage: string;
  isPresent(machine: Machine): boolean;
}

/** What is asked of a machine; tests stand in another one. */
export interface Machine {
  isRoot(): boolean;
  hasTool(name: string): boolean;
  hasCniPlugins(): boolean;
  run(command: string[], options: { env?: Record<string, string>; timeoutMs: number }): Promise<unknown>;
}

const thisMachine: Machine = {
  isRoot: () => process.getuid?.() === 0,
  hasTool: (name) => findTool(name) !== undefined,
  hasCniPlugins: () => findCniDir() !== undefined,
  run,
};

const tool =
  (...names: string[]) =>
  (machine: Machine): boolean =>
    names.every((name) => machine.hasTool(name));

const requirements: Requirement[] = [
  { what: "containerd", debianPackage: "containerd", isPresent: tool("containerd", "ctr") },
  { what: "runc", debianPackage: "runc", isPresent: tool("runc") },
  { what: "CNI plugins", debianPackage: "containernetworking-plugins", isPresent: (machine) => machine.hasCniPlugins() },
  { what: "nft", debianPackage: "nftables", isPresent: tool("nft") },
  { what: "ip", debianPackage: "iproute2", isPresent: tool("ip") },
  { what: "conntrack", debianPackage: "conntrack", isPresent: tool("conntrack") },
];

/** Full path of a tool; the sbin folders are searched too, which a user's PATH may lack. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...sbinDirs];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
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
export async function ensurePackages({ mayInstall, report }: PackageOptions, machine: Machine = thisMachine): Promise<void> {
  if (!machine.isRoot()) {
    throw new Error("containers, bridges and nftables rules need root: run the same command with sudo");
  }
  const missing = requirements.filter((requirement) => !requirement.isPresent(machine));
  if (missing.length === 0) return;
  const what = wordsOf(missing);
  const packages = missing.map((requirement) => requirement.debianPackage);
  const fix = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  if (!machine.hasTool("apt-get")) {
    throw new Error(`${what} not found, and this host has no apt-get: install them with your distribution's tool`);
  }
  if (!mayInstall) throw new Error(`${what} not found on this host; install with: sudo ${fix}`);
  report(`installing ${what} from the distribution's packages (${fix})`);
  await install(packages, machine);
  const still = missing.filter((requirement) => !requirement.isPresent(machine));
  if (still.length > 0) throw new Error(`${wordsOf(still)} not found even after: ${fix}`);
}

function wordsOf(requirements: readonly Requirement[]): string {
  return requirements.map((requirement) => requirement.what).join(", ");
}

async function install(packages: string[], machine: Machine): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages];
  const timeoutMs = 600_000;
  try {
    await machine.run(command, { env, timeoutMs });
  } catch {
    // Package lists of a fresh machine are empty or stale.
    await machine.run(["apt-get", "update", "-q"], { env, timeoutMs });
    await machine.run(command, { env, timeoutMs });
  }
  // Debian starts and enables the containerd that it installs. Nobody asked for it: we run our own.
  if (packages.includes("containerd") && machine.hasTool("systemctl")) {
    await machine.run(["systemctl", "disable", "--now", "containerd"], { timeoutMs: 30_000 }).catch(() => undefined);
  }
}

/** Adds the sbin folders to PATH for the tools that we and containerd start (containerd looks for runc in PATH). */
export function pathWithSbin(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return [...folders, ...sbinDirs.filter((folder) => !folders.includes(folder) && existsSync(folder))].join(delimiter);
}
