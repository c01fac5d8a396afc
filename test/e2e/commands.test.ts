/** The commands around the cluster, as a user types them. */
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Target } from "../bench/target.ts";
import { Cluster, run } from "./harness/cluster.ts";
import { eventually } from "./harness/eventually.ts";
import { machineState } from "./harness/machine.ts";
import { repository } from "./harness/owner.ts";
import { removedWithoutTrace, useCluster } from "./harness/use-cluster.ts";

const bootstrap = join(repository, "worker/local/bootstrap.mjs");
const kedge = (...args: string[]) => run(process.execPath, [bootstrap, ...args]);
const use = useCluster("--no-agent", "--no-example");

describe("npm start", () => {
  it("explains itself", async () => {
    const { stdout } = await kedge("start", "--help");
    for (const option of ["--no-example", "--port", "--state-dir", "--listen", "--no-agent"]) expect(stdout).toContain(option);
  });

  it("answers soon and keeps its credentials to itself", () => {
    expect(statSync(use.current.kubeconfig).mode & 0o777).toBe(0o600);
    const secrets = join(use.current.stateDir, "secrets");
    for (const name of ["admin-token", "ca.key", "server.key", "encryption-keys"]) expect(statSync(join(secrets, name)).mode & 0o777).toBe(0o600);
    expect(use.current.log).not.toContain(use.current.adminToken);
    const commands = machineState().processes.join("\n");
    expect(commands).toContain(use.current.stateDir);
    expect(commands).not.toContain(use.current.adminToken);
    expect(readFileSync(join(use.current.stateDir, "workerd.capnp"), "utf8")).not.toContain(readFileSync(join(secrets, "encryption-keys"), "utf8").trim());
  });

  it("names the fix when it cannot have its port, its state directory or its sanity", async () => {
    const port = new URL(use.current.server).port;
    expect((await kedge("start", "--no-agent", "--port", port, "--state-dir", `${use.current.stateDir}-x`)).stderr).toContain(`port ${port} is already taken`);
    expect((await kedge("start", "--no-agent", "--state-dir", use.current.stateDir)).stderr).toContain("runs already");
    expect((await kedge("start", "--no-agent", "--state-dir", repository)).stderr).toContain("holds other things");
    expect((await kedge("start", "--port", "70000")).stderr).toContain("a port is 1 to 65535");
    await kedge("down", "--state-dir", `${use.current.stateDir}-x`);
  });

  it("goes on where it was after Ctrl-C", async () => {
    await use.current.kubectl("create cm kept");
    const server = use.current.server;
    await use.current.stop("SIGINT");
    expect(use.current.workerdPid).toBeUndefined();
    await use.current.startAgain();
    expect(use.current.server).toBe(server);
    expect(await use.current.kubectl("get cm kept -o name")).toBe("configmap/kept\n");
  });

  it("stops with npm, which hands a signal to its own child alone", async () => {
    const port = new URL(use.current.server).port;
    await use.current.stop("SIGINT");
    const npm = spawn("npm", ["start", "--", "--no-agent", "--no-example", "--port", port, "--state-dir", use.current.stateDir], { cwd: repository, stdio: "ignore" });
    await eventually(() => expect(use.current.workerdPid).toBeDefined());
    npm.kill("SIGTERM");
    await eventually(() => expect([use.current.supervisorPid, use.current.workerdPid]).toEqual([undefined, undefined]));
    await use.current.startAgain();
  });

  it("runs a second cluster beside the first one", async () => {
    const before = machineState();
    const second = await Cluster.start("--no-agent", "--no-example");
    try {
      await second.kubectl("create cm second");
      expect(await use.current.kubectl("get cm second --ignore-not-found")).toBe("");
      expect(await clusterIp(second)).not.toBe(await clusterIp(use.current));
    } finally {
      await removedWithoutTrace(second, before);
    }
  });
});

const clusterIp = (cluster: Cluster) => cluster.kubectl("get service kubernetes -o jsonpath={.spec.clusterIP}");

describe("kubectl", () => {
  it("explains fields in words, in both groups that have them", async () => {
    expect(await use.current.kubectl("explain deployment.spec.replicas")).toMatch(/FIELD: replicas <integer>\s+DESCRIPTION:\s+Number of desired pods/);
    expect(await use.current.kubectl("explain events.note --api-version=events.k8s.io/v1")).toContain("human-readable description");
  });

  it("shows the same events in both groups", async () => {
    await use.current.kubectl("run eventful --image=example:1");
    await eventually(async () => expect(await use.current.kubectl("get events.v1.events.k8s.io")).toContain("pod/eventful"));
    expect(await use.current.kubectl("get events.events.k8s.io -o jsonpath={.items[0].regarding.name}")).toBe("eventful");
    expect(await use.current.kubectl("get events -o jsonpath={.items[0].involvedObject.name}")).toBe("eventful");
    await use.current.kubectl("delete pod eventful --wait=false");
  });
});

describe("npm run", () => {
  it("kubectl and helm need no kubectl and helm of the user's own", async () => {
    const environment = { env: { KUBECONFIG: use.current.kubeconfig } };
    expect((await run(process.execPath, [bootstrap, "kubectl", "kubectl", "get", "ns", "default", "-o", "name"], environment)).stdout).toBe("namespace/default\n");
    expect((await run(process.execPath, [bootstrap, "kubectl", "helm", "version"], environment)).stdout).toContain("v4.");
  });

  it("rotate-token ends the old token and puts the new one into the kubeconfig", async () => {
    const { server, ca, adminToken: old } = use.current;
    expect((await use.current.command("rotate-token")).code).toBe(0);
    expect(use.current.adminToken).not.toBe(old);
    await eventually(async () => expect((await new Target({ server, ca, token: old }).send("GET", "/api")).status).toBe(401));
    expect(await use.current.kubectl("get ns default -o name")).toBe("namespace/default\n");
  });

  it("join-token prints a command that pins the CA and keeps the token out of its arguments", async () => {
    const { stdout } = await use.current.command("join-token");
    const [, random, caSha256] = /kj\.([\w-]{22,})\.([\w-]{43})/.exec(stdout) ?? [];
    expect(random).toBeDefined();
    expect(caSha256).toBeDefined();
    expect(stdout).toContain("--join-token-file -");
    expect(stdout).not.toMatch(/ -k\b|insecure/);
  });

  it("deploy -- --dry-run builds what production gets, without an account", async () => {
    const { stdout, code } = await run(process.execPath, [bootstrap, "deploy", "--dry-run"], { env: { CLOUDFLARE_API_TOKEN: "" } });
    expect(code).toBe(0);
    expect(Number(/compressed (\d+) KiB/.exec(stdout)?.[1])).toBeLessThan(3 * 1024);
    expect(stdout).toMatch(/start-up: \d+ ms/);
  });

  it("down refuses what is not a cluster's", async () => {
    expect((await kedge("down", "--state-dir", join(repository, "worker"))).stderr).toContain("not a state directory");
  });
});
