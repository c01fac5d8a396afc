import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigMap, Event, Pod, PodSpec, PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import { FakeClock } from "../fake-clock.ts";
import { Images } from "../images/images.ts";
import { FakeRuntime } from "../runtime/fake/fake-runtime.ts";
import { RuntimeError } from "../runtime/runtime.ts";
import type { PodDependencies } from "./dependencies.ts";
import { EventRecorder } from "./event-recorder.ts";
import type { StoredPod } from "./observed.ts";
import { Pods } from "./pods.ts";
import { Semaphore } from "./semaphore.ts";
import { testContainer, testPod } from "./testing.ts";
import { PodTokens } from "./volumes/pod-tokens.ts";
import { Volumes } from "./volumes/volumes.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** One node on the fake runtime, with a clock that stands still. */
class TestNode {
  readonly folder = mkdtempSync(join(tmpdir(), "kedge-pods-"));
  /** In memory already: nothing is mounted. */
  readonly memory = mkdtempSync("/dev/shm/kedge-pods-");
  readonly clock = new FakeClock();
  readonly runtime = new FakeRuntime(() => this.clock.now());
  readonly configMaps: Record<string, ConfigMap> = {};
  readonly statuses = new Map<string, PodStatus>();
  readonly history: string[] = [];
  readonly terminated: string[] = [];
  /** How many tokens were asked for; the n-th is `token-n`, good for an hour. */
  tokensAskedFor = 0;
  readonly tokens = new PodTokens({
    clock: this.clock,
    request: () => Promise.resolve({ token: `token-${(this.tokensAskedFor += 1)}`, expiresAtMs: this.clock.now() + 3_600_000 }),
  });
  readonly events: Event[] = [];
  readonly watching = new AbortController();
  pods = this.#create();
  #wanted = new Map<string, StoredPod>();
  #version = 1;

  #create(): Pods {
    const { clock, runtime, folder, memory } = this;
    const paths = { podsDir: join(folder, "pods"), memoryDir: memory, logsDir: join(folder, "logs") };
    const dependencies: PodDependencies = {
      ...{ runtime, clock, paths, log: silent, images: new Images({ runtime, clock }), volumes: new Volumes(paths, this.tokens) },
      cgroups: { create: () => Promise.resolve(), remove: () => Promise.resolve() },
      events: new EventRecorder({ clock, nodeName: "node-1", send: (event) => this.events.push(event) }),
      report: {
        status: (pod, status) => {
          this.statuses.set(pod.metadata.uid, status);
          this.history.push(`${status.phase} ${status.containerStatuses?.map(({ state }) => state?.waiting?.reason ?? Object.keys(state ?? {})[0]).join(",")}`);
        },
        terminated: (pod) => this.terminated.push(pod.metadata.uid),
      },
      objects: { configMap: (_ns, name) => this.configMaps[name], secret: () => undefined, services: () => [] },
      starts: new Semaphore(4),
      node: { nodeName: "node-1", hostIps: ["192.0.2.1"], allocatable: { cpu: "2", memory: "4Gi", pods: "110" }, memoryBytes: 4 * 1024 ** 3, dns: { address: "10.96.0.10", domain: "cluster.local" }, cgroupRoot: "/kedge-test" },
      hostFile: () => Promise.resolve(""),
    };
    const pods = new Pods(dependencies);
    pods.start(this.watching.signal);
    return pods;
  }

  async restart(): Promise<void> {
    await this.pods.stop();
    this.forgetAgent();
    await this.apply();
  }

  /** A new process: it knows nothing but what the runtime and the control plane tell. */
  forgetAgent(): void {
    this.pods = this.#create();
  }

  async apply(isComplete = true): Promise<void> {
    await this.pods.apply({ pods: this.#wanted, isComplete });
    await this.settle();
  }

  /** Real file operations take real turns of the event loop, so wait until nothing has moved for a while. */
  async settle(): Promise<void> {
    for (let quiet = 0, last = ""; quiet < 12; ) {
      await this.clock.advance(0);
      await new Promise((resolve) => setTimeout(resolve, 1));
      // On a busy machine one of them may take longer than all of the turns that count as quiet.
      const isBusy = process.getActiveResourcesInfo().some((resource) => resource.startsWith("FSReq") || resource === "CloseReq");
      const now = `${this.runtime.calls.length} ${this.history.length} ${this.events.length}`;
      quiet = now === last && !isBusy ? quiet + 1 : 0;
      last = now;
    }
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }

  async want(spec: Partial<PodSpec> = {}, rest: Partial<Pod> = {}, uid = "uid-1"): Promise<void> {
    this.#version += 1;
    const metadata = { ...rest.metadata, name: uid, uid, resourceVersion: String(this.#version) };
    this.#wanted.set(`pods/default/${uid}`, testPod(spec, { ...rest, metadata: { ...metadata, creationTimestamp: "2026-01-01T00:00:00Z" } }));
    await this.apply();
  }

  /** As the control plane does: the object with a deletion time, the status that was reported. */
  async delete(graceSeconds: number, spec: Partial<PodSpec> = {}): Promise<void> {
    await this.want(spec, { metadata: { deletionTimestamp: "2026-01-01T00:00:30Z", deletionGracePeriodSeconds: graceSeconds }, status: this.status });
  }

  async forget(uid = "uid-1", isComplete = true): Promise<void> {
    this.#wanted.delete(`pods/default/${uid}`);
    await this.apply(isComplete);
  }

  get status(): PodStatus {
    return this.statuses.get("uid-1") ?? {};
  }

  get main() {
    return this.status.containerStatuses?.find(({ name }) => name === "main");
  }

  reasons(): (string | undefined)[] {
    return this.events.map(({ reason }) => reason);
  }

  calls(...methods: string[]): string[] {
    return this.runtime.calls.filter(({ method }) => methods.length === 0 || methods.includes(method)).map(({ method, argument }) => `${method} ${argument}`);
  }

  async crash(exitCode = 1): Promise<void> {
    const container = this.runtime.running("main");
    if (container === undefined) throw new Error("main does not run");
    this.runtime.exit(container.id, exitCode);
    await this.settle();
  }
}

let node: TestNode;
beforeEach(() => {
  node = new TestNode();
  node.runtime.addImage("app:1");
});
afterEach(async () => {
  node.watching.abort();
  await node.pods.stop();
  for (const folder of [node.folder, node.memory]) rmSync(folder, { recursive: true, force: true });
});

describe("a pod", () => {
  it("goes from nothing to ready, and tells it as a kubelet does", async () => {
    await node.want();
    expect(node.calls()).toEqual(["runSandbox uid-1", "createContainer main", "startContainer main"]);
    // Once for the pod, once for its address, once for its containers.
    expect(node.history).toEqual(["Pending ContainerCreating", "Pending ContainerCreating", "Running running"]);
    expect(node.main).toMatchObject({ ready: true, started: true, restartCount: 0, image: "sha256:app:1" });
    expect(node.reasons()).toEqual(["Pulled", "Created", "Started"]);
    expect(node.events[0]?.involvedObject.fieldPath).toBe("spec.containers{main}");
  });

  it("does nothing more once it is as wanted", async () => {
    await node.want();
    const [calls, reports] = [node.calls().length, node.history.length];
    await node.apply();
    await node.advance(200_000);
    expect(node.calls()).toHaveLength(calls);
    expect(node.history).toHaveLength(reports);
  });

  it("has its token renewed while it runs, also by an agent that found it running", async () => {
    const projected = { sources: [{ serviceAccountToken: { path: "token" } }] };
    const spec = { volumes: [{ name: "t", projected }] };
    await node.want(spec);
    expect(node.tokensAskedFor).toBe(1);
    await node.advance(40 * 60_000);
    expect(node.tokensAskedFor).toBe(1);
    await node.advance(9 * 60_000);
    expect(node.tokensAskedFor).toBe(2);
    node.tokens.forget("uid-1");
    await node.restart();
    await node.advance(61_000);
    expect(node.tokensAskedFor).toBe(3);
    expect(node.calls("startContainer")).toHaveLength(1);
  });

  it("runs init containers one after the other", async () => {
    await node.want({ initContainers: [testContainer("a", { command: ["sh", "-c", "exit 0"] }), testContainer("b", { command: ["sh", "-c", "exit 0"] })] });
    expect(node.calls("startContainer")).toEqual(["startContainer a", "startContainer b", "startContainer main"]);
    expect(node.status.initContainerStatuses?.map(({ ready }) => ready)).toEqual([true, true]);
    expect(node.status.phase).toBe("Running");
  });

  it("goes on when an init container ended before anybody had seen it run", async () => {
    node.runtime.lagExits();
    await node.want({ initContainers: [testContainer("a", { command: ["sh", "-c", "exit 0"] })] });
    await node.advance(1000);
    expect(node.status.phase).toBe("Running");
  });

  it("restarts a crashed container at once, then after 10 s, then after 20 s", async () => {
    await node.want();
    await node.crash();
    expect(node.main).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
    await node.crash();
    expect(node.main?.state?.waiting).toEqual({ reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container=main pod=uid-1_default(uid-1)" });
    expect(node.status.phase).toBe("Running");
    await node.advance(9_000);
    expect(node.main?.restartCount).toBe(1);
    await node.advance(1_000);
    expect(node.main).toMatchObject({ restartCount: 2, state: { running: {} } });
    await node.crash();
    expect(node.main?.state?.waiting?.message).toContain("back-off 20s");
    expect(node.reasons()).toContain("BackOff");
  });

  it("begins the back-off anew after ten minutes without a crash", async () => {
    await node.want();
    await node.crash();
    // First the restart: the files that it writes take real time, in which the clock must not run on.
    await node.advance(10_000);
    await node.advance(601_000);
    await node.crash();
    expect(node.main).toMatchObject({ restartCount: 2, state: { running: {} } });
  });

  it("ends with restartPolicy Never, and stops its sandbox", async () => {
    await node.want({ restartPolicy: "Never" });
    await node.crash(0);
    expect(node.status.phase).toBe("Succeeded");
    expect(node.calls("stopSandbox")).toHaveLength(1);
    expect([...node.runtime.sandboxes.values()].map(({ state }) => state)).toEqual(["notready"]);
  });

  it("gets a new sandbox when its own died", async () => {
    await node.want();
    const [sandbox] = [...node.runtime.sandboxes.keys()];
    await node.runtime.stopSandbox(sandbox ?? "");
    await node.advance(70_000);
    expect(node.calls("runSandbox")).toHaveLength(2);
    expect(node.main).toMatchObject({ restartCount: 1, state: { running: {} } });
    expect(node.reasons()).toContain("SandboxChanged");
  });

  it("is taken down with its grace period, and reported as gone only then", async () => {
    await node.want();
    await node.delete(7);
    expect(node.calls("stopContainer", "stopSandbox", "removeSandbox").map((call) => call.split(" ")[0])).toEqual(["stopContainer", "stopSandbox", "stopSandbox", "removeSandbox"]);
    expect(node.calls("stopContainer")).toEqual(["stopContainer main 7"]);
    expect(node.terminated).toEqual(["uid-1"]);
    expect(node.reasons()).toContain("Killing");
    expect(node.runtime.sandboxes.size).toBe(0);
  });

  it("is ended without a word to the API when it is no longer this node's", async () => {
    await node.want();
    await node.forget();
    expect(node.runtime.sandboxes.size).toBe(0);
    expect(node.terminated).toEqual([]);
  });

  it("tries again when its sandbox cannot be made, and says so", async () => {
    node.runtime.failNext("runSandbox", new RuntimeError("unknown", "no address left"));
    await node.want();
    expect(node.status.phase).toBe("Pending");
    expect(node.events.map(({ message }) => message)).toEqual(["Failed to create pod sandbox: no address left"]);
    await node.advance(1_000);
    expect(node.status.phase).toBe("Running");
  });

  it("waits with ErrImagePull, then ImagePullBackOff, and starts when the image is there", async () => {
    await node.want({ containers: [testContainer("main", { image: "other:1" })] });
    expect(node.main?.state?.waiting?.reason).toBe("ImagePullBackOff");
    expect(node.history).toContain("Pending ErrImagePull");
    expect(node.reasons()).toEqual(["Pulling", "Failed", "Failed", "BackOff", "Failed"]);
    node.runtime.registry.set("other:1", undefined);
    await node.advance(10_000);
    expect(node.status.phase).toBe("Running");
  });

  it("waits for a ConfigMap that its environment names, and starts as soon as it comes", async () => {
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "a" } } }];
    await node.want({ containers: [testContainer("main", { env })] });
    expect(node.main?.state?.waiting).toEqual({ reason: "CreateContainerConfigError", message: 'configmap "settings" not found' });
    node.configMaps["settings"] = { data: { a: "1" } };
    node.pods.objectsChanged(new Set(["configmaps/default/settings"]));
    await node.settle();
    expect(node.runtime.running("main")?.config.env).toContainEqual({ name: "A", value: "1" });
  });

  it("waits for a ConfigMap that it mounts, and says so in an event", async () => {
    await node.want({ volumes: [{ name: "v", configMap: { name: "settings" } }] });
    expect(node.events[0]).toMatchObject({ reason: "FailedMount", message: 'MountVolume.SetUp failed for volume "v" : configmap "settings" not found' });
    node.configMaps["settings"] = { data: { a: "1" } };
    node.pods.objectsChanged(new Set(["configmaps/default/settings"]));
    await node.settle();
    expect(node.status.phase).toBe("Running");
  });

  it("does not wait any longer once the runtime has come back", async () => {
    const gone = new RuntimeError("unavailable", "connection refused");
    for (let failure = 0; failure < 60; failure += 1) node.runtime.failNext("runSandbox", gone);
    await node.want();
    for (let second = 0; second < 120; second += 1) await node.advance(1000);
    // Its services are there a moment before they do their work.
    node.runtime.comeBack();
    await node.settle();
    node.runtime.succeed("runSandbox");
    await node.advance(500);
    expect(node.status.phase).toBe("Running");
  });

  it("looks less and less often for what it cannot mount", async () => {
    const looks: number[] = [];
    const look = () => void looks.push(node.clock.now());
    Object.defineProperty(node.configMaps, "settings", { get: look });
    await node.want({ volumes: [{ name: "v", configMap: { name: "settings" } }] });
    for (let second = 0; second < 60; second += 1) await node.advance(1000);
    const times = [...new Set(looks)];
    expect(times.length).toBeGreaterThan(3);
    expect(times.length).toBeLessThan(12);
  });

  it("kills and restarts a container whose liveness probe fails", async () => {
    node.runtime.programs.set("check", { exitCode: 1, stdout: "bad" });
    const livenessProbe = { exec: { command: ["check"] }, periodSeconds: 1, failureThreshold: 1 };
    await node.want({ containers: [testContainer("main", { livenessProbe })] });
    expect(node.events.map(({ message }) => message)).toContain("Liveness probe failed: bad");
    expect(node.events.map(({ message }) => message)).toContain("Container main failed liveness probe, will be restarted");
    expect(node.main?.restartCount).toBe(1);
  });

  it("becomes ready with its readiness probe, not before", async () => {
    node.runtime.programs.set("check", { exitCode: 1, stdout: "" });
    await node.want({ containers: [testContainer("main", { readinessProbe: { exec: { command: ["check"] }, periodSeconds: 1 } })] });
    expect(node.main).toMatchObject({ started: true, ready: false });
    node.runtime.programs.set("check", { exitCode: 0, stdout: "" });
    await node.advance(1_000);
    expect(node.main?.ready).toBe(true);
  });

  it("fails when it is over its deadline", async () => {
    await node.want({ activeDeadlineSeconds: 60 });
    await node.advance(60_000);
    expect(node.status).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
    expect(node.runtime.running("main")).toBeUndefined();
  });

  it("is refused when it does not fit, and never started", async () => {
    await node.want({ containers: [testContainer("main", { resources: { requests: { cpu: "3" } } })] });
    expect(node.status).toMatchObject({ phase: "Failed", reason: "OutOfcpu" });
    expect(node.calls()).toEqual([]);
    expect(node.reasons()).toEqual(["OutOfcpu"]);
  });

  it("keeps of a crashing container the last two attempts only", async () => {
    await node.want();
    for (let crash = 0; crash < 4; crash += 1) {
      await node.crash();
      await node.advance(300_000);
    }
    expect([...node.runtime.containers.values()].map(({ attempt }) => attempt)).toEqual([3, 4]);
  });
});

describe("an agent that starts again", () => {
  it("adopts what runs: nothing is started, stopped or reported anew", async () => {
    await node.want();
    await node.want({}, { status: node.status });
    const [before, reports] = [node.calls().length, node.history.length];
    await node.restart();
    expect(node.calls()).toHaveLength(before);
    expect(node.history).toHaveLength(reports);
  });

  it("takes a pod that runs, even if it would not fit any more", async () => {
    await node.want({ containers: [testContainer("main", { resources: { requests: { cpu: "2" } } })] }, {}, "big");
    await node.want({ containers: [testContainer("main")] });
    await node.restart();
    expect(node.runtime.sandboxes.size).toBe(2);
    expect(node.statuses.get("big")?.phase).toBe("Running");
  });

  it("removes what is no longer wanted only when it was told everything", async () => {
    await node.want();
    await node.pods.stop();
    node.forgetAgent();
    await node.forget("uid-1", false);
    expect(node.runtime.running("main")).toBeDefined();
    await node.apply(true);
    expect(node.runtime.sandboxes.size).toBe(0);
    expect(node.terminated).toEqual([]);
    expect(readdirSync(join(node.folder, "pods"))).toEqual([]);
  });

  it("removes the folders of pods that a reboot ended", async () => {
    mkdirSync(join(node.folder, "pods", "uid-old", "volumes"), { recursive: true });
    mkdirSync(join(node.folder, "logs", "default_old_uid-old"), { recursive: true });
    await node.want();
    expect(readdirSync(join(node.folder, "pods"))).toEqual(["uid-1"]);
    expect(readdirSync(join(node.folder, "logs"))).toEqual(["default_uid-1_uid-1"]);
  });
});
