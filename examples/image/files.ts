/** The example image's files, gathered from this machine: Perl, a shell and small tools, with the libraries they need. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { ImageFile } from "../../agent/host/image-archive.ts";

/** Essential packages of Debian have them all except `ps`; what a machine lacks is left out. */
const tools = "cat date df echo env false getent grep head hostname id kill ls mkdir rm sed sleep tail tar touch true".split(" ");
const perlModules = ["strict", "warnings", "Errno", "Exporter::Heavy", "Fcntl", "Socket"];
const binDirs = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];

/** Every file of the image; the folder is where this file is. */
export function exampleFiles(folder: string = import.meta.dirname): ImageFile[] {
  const perl = find("perl");
  const shell = find("dash") ?? find("bash");
  if (!perl || !shell) throw new Error("the example image needs perl and a shell (Debian: perl-base, dash)");
  const binaries = [{ path: "/usr/bin/perl", source: perl }, { path: "/bin/sh", source: shell }, ...foundTools()];
  const modules = perlFiles(perl);
  const libraries = librariesOf([...binaries.map((binary) => binary.source), ...modules]);
  return [
    { path: "/tmp", isDirectory: true, mode: 0o1777 },
    ...binaries.map((binary) => ({ ...binary, mode: 0o755 })),
    ...[...libraries, ...modules].map((path) => ({ path, source: path, mode: 0o755 })),
    { path: "/bin/server", source: join(folder, "server.pl"), mode: 0o755 },
    { path: "/bin/get", source: join(folder, "get.pl"), mode: 0o755 },
    { path: "/etc/passwd", content: "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n" },
    { path: "/etc/group", content: "root:x:0:\nnogroup:x:65534:\n" },
    { path: "/etc/nsswitch.conf", content: "passwd: files\ngroup: files\nhosts: files dns\n" },
  ];
}

function foundTools(): { path: string; source: string }[] {
  return tools.flatMap((name) => {
    const source = find(name);
    return source === undefined ? [] : [{ path: `/bin/${name}`, source }];
  });
}

function find(name: string): string | undefined {
  const path = binDirs.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  return path && realpathSync(path);
}

/** What Perl loads for our modules, asked from Perl itself: versions and architectures keep them in different places. */
function perlFiles(perl: string): string[] {
  const program = 'print "$_\\n" for sort values %INC, @DynaLoader::dl_shared_objects';
  const output = execFileSync(perl, [...perlModules.map((name) => `-M${name}`), "-e", program], { encoding: "utf8" });
  return lines(output).filter((path) => path.startsWith("/"));
}

/** Shared libraries and the loader, at the paths by which binaries ask for them. */
function librariesOf(paths: readonly string[]): string[] {
  const binaries = paths.filter((path) => !path.endsWith(".pm"));
  // Its exit code says only whether all are dynamic; what is static needs no library.
  const { stdout } = spawnSync("ldd", binaries, { encoding: "utf8" });
  const found = lines(stdout).map((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? "");
  // Before glibc 2.34 names were looked up by a library that is loaded when needed.
  const resolver = found.filter((path) => path.endsWith("/libc.so.6")).map((path) => path.replace("libc.so.6", "libnss_dns.so.2"));
  return [...new Set([...found, ...resolver.filter((path) => existsSync(path))])].filter(Boolean).sort();
}

function lines(text: string): string[] {
  return text.split("\n").filter(Boolean);
}
