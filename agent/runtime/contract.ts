/** What every Runtime must do, whichever it is; see fake/fake-runtime.ts for where the fake differs. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RuntimeError, runtimeLabels, type ContainerConfig, type Runtime, type RuntimeEvent, type SandboxConfig } from "./runtime.ts";

export interface RuntimeUnderTest {
  runtime: Runtime;
  /** An image that is there and holds a busybox. */
  image: string;
  logDirectory: string;
  cgroupParent: string;
  close(): Promise<void>;
}

export function sandboxConfig(test: Pick<RuntimeUnderTest, "logDirectory" | "cgroupParent">): SandboxConfig {
  const uid = randomUUID();
  const name = `pod-${uid.slice(0, 8)}`;
  return {
    name,
    uid,
    namespace: "default",
    attempt: 0,
    hostname: name,
    logDirectory: `${test.logDirectory}/${uid}`,
    dns: { servers: [], searches: [], options: [] },
    portMappings: [],
    labels: { [runtimeLabels.podUid]: uid, [runtimeLabels.podName]: name, [runtimeLabels.podNamespace]: "default" },
    annotations: {},
    cgroupParent: test.cgroupParent,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    sharePid: false,
    sysctls: {},
    securityContext: { supplementalGroups: [], readonlyRootfs: false, privileged: false },
  };
}

export function containerConfig(sandbox: SandboxConfig, image: string, command: string[]): ContainerConfig {
  return {
    name: "main",
    attempt: 0,
    image,
    command,
    args: [],
    workingDir: "",
    env: [],
    mounts: [],
    labels: { ...sandbox.labels, [runtimeLabels.containerName]: "main" },
    annotations: {},
    logPath: "main_0.log",
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { cpuPeriod: 0, cpuQuota: 0, cpuShares: 2, memoryLimitBytes: 0, oomScoreAdj: 0 },
    securityContext: {
      supplementalGroups: [],
      readonlyRootfs: false,
      privileged: false,
      noNewPrivileges: false,
      addCapabilities: [],
      dropCapabilities: [],
    },
  };
}

const sleeping = ["sleep", "1000000"];

/** Declares the suite; `create` starts the runtime, or throws why it cannot be had here. */
export function describeRuntime(name: string, create: () => Promise<RuntimeUnderTest>): void {
  describe(`${name} as a Runtime`, { timeout: 30_000 }, () => {
    let test: RuntimeUnderTest;
    const events: RuntimeEvent[] = [];
    const watching = new AbortController();

    beforeAll(async () => {
      test = await create();
      test.runtime.watchEvents((event) => events.push(event), watching.signal);
    }, 60_000);
    afterAll(async () => {
      watching.abort();
      await test?.close();
    }, 60_000);

    async function withSandbox(use: (sandboxId: string, config: SandboxConfig) => Promise<void>): Promise<void> {
      const config = sandboxConfig(test);
      const sandboxId = await test.runtime.runSandbox(config);
      try {
        await use(sandboxId, config);
      } finally {
        await test.runtime.stopSandbox(sandboxId);
        await test.runtime.removeSandbox(sandboxId);
      }
    }

    async function start(sandboxId: string, config: SandboxConfig, command: string[]): Promise<string> {
      const container = containerConfig(config, test.image, command);
      const id = await test.runtime.createContainer(sandboxId, container, config);
      await test.runtime.startContainer(id);
      return id;
    }

    it("says what it is", async () => {
      const version = await test.runtime.version();
      expect(version.name).not.toBe("");
      expect(version.apiVersion).toBe("v1");
    });

    it("tells a watcher that anything may have happened before", async () => {
      await expect.poll(() => events).toContainEqual({ type: "resync" });
    });

    it("runs a sandbox that is ready, has an address, and is listed with its pod only", async () => {
      await withSandbox(async (id, config) => {
        const status = await test.runtime.sandboxStatus(id);
        expect(status).toMatchObject({ id, name: config.name, uid: config.uid, state: "ready", attempt: 0 });
        expect(status?.ips).toHaveLength(1);
        expect((await test.runtime.listSandboxes(config.uid)).map((sandbox) => sandbox.id)).toEqual([id]);
        expect((await test.runtime.listSandboxes()).map((sandbox) => sandbox.id)).toContain(id);
        expect(await test.runtime.listSandboxes(randomUUID())).toEqual([]);
      });
    });

    it("keeps a stopped sandbox until it is removed, with its containers", async () => {
      await withSandbox(async (id, config) => {
        const container = await start(id, config, sleeping);
        await test.runtime.stopSandbox(id);
        expect((await test.runtime.sandboxStatus(id))?.state).toBe("notready");
        expect((await test.runtime.containerStatus(container))?.state).toBe("exited");
        await test.runtime.removeSandbox(id);
        expect(await test.runtime.sandboxStatus(id)).toBeUndefined();
        expect(await test.runtime.containerStatus(container)).toBeUndefined();
      });
    });

    it("takes stops and removals of what is not there as done", async () => {
      await test.runtime.stopContainer("nothing", 0);
      await test.runtime.removeContainer("nothing");
      await test.runtime.stopSandbox("nothing");
      await test.runtime.removeSandbox("nothing");
      expect(await test.runtime.containerStatus("nothing")).toBeUndefined();
    });

    it("creates a container, then starts it", async () => {
      await withSandbox(async (id, config) => {
        const container = await test.runtime.createContainer(id, containerConfig(config, test.image, sleeping), config);
        expect(await test.runtime.containerStatus(container)).toMatchObject({ name: "main", state: "created" });
        const before = Date.now() - 1000;
        await test.runtime.startContainer(container);
        const status = await test.runtime.containerStatus(container);
        expect(status).toMatchObject({ state: "running", attempt: 0, labels: { [runtimeLabels.podUid]: config.uid } });
        expect(status?.startedAtMs).toBeGreaterThan(before);
        expect(status?.startedAtMs).toBeLessThanOrEqual(Date.now());
        const listed = await test.runtime.listContainers(config.uid);
        expect(listed).toMatchObject([{ id: container, sandboxId: id, state: "running" }]);
      });
    });

    it("tells the end of a container and its exit code", async () => {
      await withSandbox(async (id, config) => {
        const container = await start(id, config, ["sh", "-c", "exit 3"]);
        await expect.poll(() => events, { timeout: 5000 }).toContainEqual({ type: "exit", containerId: container, exitCode: 3 });
        await expect.poll(async () => (await test.runtime.containerStatus(container))?.state).toBe("exited");
        expect(await test.runtime.containerStatus(container)).toMatchObject({ exitCode: 3, reason: "Error" });
      });
    });

    it("kills a container that does not end within its grace period", async () => {
      await withSandbox(async (id, config) => {
        const container = await start(id, config, sleeping);
        await test.runtime.stopContainer(container, 1);
        expect(await test.runtime.containerStatus(container)).toMatchObject({ state: "exited", exitCode: 137 });
      });
    });

    it("refuses a second container of the same name and attempt", async () => {
      await withSandbox(async (id, config) => {
        await start(id, config, sleeping);
        await expect(start(id, config, sleeping)).rejects.toBeInstanceOf(RuntimeError);
      });
    });

    it("runs a command in a container and gives its output and exit code", async () => {
      await withSandbox(async (id, config) => {
        const container = await start(id, config, sleeping);
        const echoed = await test.runtime.execSync(container, ["echo", "hello", "world"], 10);
        expect(echoed.exitCode).toBe(0);
        expect(Buffer.from(echoed.stdout).toString()).toBe("hello world\n");
        expect((await test.runtime.execSync(container, ["sh", "-c", "exit 4"], 10)).exitCode).toBe(4);
      });
    });

    it("says which containers use how much", async () => {
      await withSandbox(async (id, config) => {
        const container = await start(id, config, sleeping);
        const stats = await test.runtime.containerStats();
        expect(stats.find((entry) => entry.id === container)?.memoryWorkingSetBytes).toBeGreaterThan(0);
      });
    });

    it("knows the images that are there, and no others", async () => {
      const image = await test.runtime.imageStatus(test.image);
      expect(image?.id).toMatch(/^sha256:/);
      expect((await test.runtime.listImages()).map(({ id }) => id)).toContain(image?.id);
      expect(await test.runtime.imageStatus("localhost/no/such:image")).toBeUndefined();
    });

    it("refuses a container of an image that is not there", async () => {
      await withSandbox(async (id, config) => {
        const missing = containerConfig(config, "localhost/no/such:image", sleeping);
        await expect(test.runtime.createContainer(id, missing, config)).rejects.toBeInstanceOf(RuntimeError);
      });
    });
  });
}
