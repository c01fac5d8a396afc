/** Images from a registry on loopback: plainly, and with credentials. The registry is Debian's. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namesOf } from "../../agent/host/names.ts";
import { eventually } from "./harness/eventually.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-example");
const kubectl = (args: string | string[]) => use.current.kubectl(args);
const registry = "/usr/bin/docker-registry";
let folder: string;
let daemon: ChildProcess | undefined;
let port: number;

const password = "word";

/** The C library's crypt, through Perl. */
function bcrypt(word: string): string {
  return execFileSync("perl", ["-e", "print crypt($ARGV[0], '$2y$05$abcdefghijklmnopqrstuu')", word], { encoding: "utf8" });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kedge-e2e-registry-"));
  port = await freePort();
  writeFileSync(join(folder, "htpasswd"), `user:${bcrypt(password)}\n`);
  const auth = `auth: {htpasswd: {realm: test, path: ${folder}/htpasswd}}`;
  const storage = `storage: {filesystem: {rootdirectory: ${folder}/data}}`;
  writeFileSync(join(folder, "config.yml"), `version: 0.1\nlog: {level: error}\n${storage}\nhttp: {addr: "127.0.0.1:${port}"}\n${auth}\n`);
  daemon = spawn(registry, ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  await eventually(async () => expect(await statusOf("/v2/")).toBe(401));
  await eventually(async () => expect(await kubectl("get nodes --no-headers")).toMatch(/ Ready /), { timeoutMs: 60_000 });
  await use.current.command("load", "--example");
  const ctr = ["--address", namesOf(use.current.stateDir).containerdSocket, "--namespace", "k8s.io", "images"];
  const name = `127.0.0.1:${port}/team/app:1`;
  execFileSync("ctr", [...ctr, "tag", "docker.io/library/my-app-image:1.0", name]);
  execFileSync("ctr", [...ctr, "push", "--plain-http", "--user", `user:${password}`, name], { stdio: "ignore" });
  execFileSync("ctr", [...ctr, "remove", name]);
});
afterAll(() => {
  daemon?.kill();
  rmSync(folder, { recursive: true, force: true });
});

function statusOf(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

const pod = (name: string, extra = "") =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  terminationGracePeriodSeconds: 1\n${extra}  containers:\n  - {name: app, image: "127.0.0.1:${port}/team/app:1"}\n`;

describe("a private image", () => {
  it("is refused without credentials, and the pod says so", async () => {
    await use.current.apply(pod("stranger"));
    await eventually(async () => expect(await kubectl("get pod stranger --no-headers")).toMatch(/ErrImagePull|ImagePullBackOff/), { timeoutMs: 60_000 });
    expect(await kubectl("describe pod stranger")).toMatch(/Failed to pull image/);
    await kubectl("delete pod stranger --wait=false");
  });

  it("is pulled with the credentials of an imagePullSecret", async () => {
    const secret = ["create", "secret", "docker-registry", "team", `--docker-server=127.0.0.1:${port}`, "--docker-username=user"];
    await kubectl([...secret, `--docker-password=${password}`]);
    await use.current.apply(pod("member", "  imagePullSecrets: [{name: team}]\n"));
    await eventually(async () => expect(await kubectl("get events --field-selector involvedObject.name=member -o jsonpath={.items[*].message}")).toMatch(/Successfully pulled image/), { timeoutMs: 20_000 });
    await kubectl("wait pod/member --for=condition=Ready --timeout=30s");
  });
});
