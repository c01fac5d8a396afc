/**
 * Pulling from registries, with Debian's docker-registry on loopback: plain, with credentials, with a private CA. Needs
 * root, containerd, docker-registry, openssl and perl; it is skipped, saying so, only where these are not there.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CriRuntime } from "../runtime/cri/cri-runtime.ts";
import type { ImageCredentials } from "../runtime/runtime.ts";
import { createHost } from "./create-host.ts";
import { imageArchive } from "./image-archive.ts";
import { loadImage } from "./load-image.ts";
import { findTool } from "./packages.ts";
import { removeNode } from "./remove-node.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

const missing = ["containerd", "ctr", "runc", "docker-registry", "openssl", "perl"].filter((tool) => !findTool(tool));
const reason = process.getuid?.() !== 0 ? "needs root" : missing.length > 0 ? `not installed: ${missing.join(", ")}` : undefined;

const user = { username: "ann", password: "secret" };

describe.skipIf(reason !== undefined)(`images from registries${reason ? ` (skipped: ${reason})` : ""}`, { timeout: 60_000 }, () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "kedge-registry-")));
  const host = createHost(join(folder, "state"));
  const registries: ChildProcess[] = [];
  let runtime: CriRuntime;

  /** A registry that requires a user, over TLS if `withTls`; gives `127.0.0.1:port`. */
  async function startRegistry(withTls: boolean): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    const tls = withTls ? { tls: { certificate: join(folder, "ca.crt"), key: join(folder, "ca.key") } } : {};
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(folder, address) } },
      http: { addr: address, ...tls },
      auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } },
    };
    const path = join(folder, `${address}.yml`);
    writeFileSync(path, JSON.stringify(config));
    registries.push(spawn("docker-registry", ["serve", path], { stdio: "ignore" }));
    const isUp = await until(() => answers(address), { timeoutMs: 10_000 });
    if (!isUp) throw new Error(`no registry at ${address}`);
    return address;
  }

  async function push(address: string, ...options: string[]): Promise<string> {
    const image = `${address}/app:1`;
    await loadImage(host.names.containerdSocket, await imageArchive({ name: image, entrypoint: ["/app"], files: [{ path: "/app", content: address }] }));
    const ctr = ["ctr", "--address", host.names.containerdSocket, "--namespace", "k8s.io", "images"];
    await run([...ctr, "push", "--user", `${user.username}:${user.password}`, ...options, image]);
    await runtime.removeImage(image);
    return image;
  }

  const pull = async (image: string, credentials?: ImageCredentials): Promise<string> =>
    runtime.pullImage(image, credentials).then(
      () => "pulled",
      (error: Error) => error.message,
    );

  beforeAll(async () => {
    const salt = "$2y$05$abcdefghijklmnopqrstuu";
    const hash = execFileSync("perl", ["-e", "print crypt($ARGV[0], $ARGV[1])", user.password, salt], { encoding: "utf8" });
    writeFileSync(join(folder, "htpasswd"), `${user.username}:${hash}\n`);
    const certificate = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test"];
    const files = ["-keyout", join(folder, "ca.key"), "-out", join(folder, "ca.crt")];
    await run(["openssl", "req", ...certificate, "-addext", "subjectAltName=IP:127.0.0.1", ...files]);
    const { socket } = await host.ensureContainerd();
    runtime = new CriRuntime(socket);
  }, 60_000);

  afterAll(async () => {
    runtime?.close();
    for (const registry of registries) registry.kill("SIGKILL");
    await removeNode(host.names.stateDir);
    rmSync(folder, { recursive: true, force: true });
  });

  it("come over plain HTTP from loopback, with the user's credentials and not without", async () => {
    const image = await push(await startRegistry(false), "--plain-http");
    expect(await pull(image)).toMatch(/401|unauthorized|authorization/i);
    expect(await pull(image, { username: "ann", password: "wrong" })).toMatch(/401|unauthorized|authorization/i);
    expect(await pull(image, user)).toBe("pulled");
    expect((await runtime.imageStatus(image))?.repoTags).toEqual([image]);
  });

  it("come over TLS once the private CA lies in certs.d, without a restart", async () => {
    const address = await startRegistry(true);
    const hostsDir = join(folder, "certs.d");
    mkdirSync(join(hostsDir, address), { recursive: true });
    copyFileSync(join(folder, "ca.crt"), join(hostsDir, address, "ca.crt"));
    const server = `https://${address}`;
    writeFileSync(join(hostsDir, address, "hosts.toml"), `server = "${server}"\n[host."${server}"]\n  ca = "ca.crt"\n`);
    const image = await push(address, "--hosts-dir", hostsDir);
    // containerd speaks plain HTTP to loopback unless it is told otherwise; elsewhere this is a certificate error.
    expect(await pull(image, user)).toMatch(/400 Bad Request|certificate/i);
    cpSync(hostsDir, host.names.certsDir, { recursive: true });
    expect(await pull(image, user)).toBe("pulled");
  });
});

/** True once somebody listens there. */
function answers(address: string): Promise<boolean> {
  const [hostname = "", port] = address.split(":");
  const socket = connect(Number(port), hostname);
  return new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  }).finally(() => socket.destroy());
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => server.close(resolve));
  return port;
}
