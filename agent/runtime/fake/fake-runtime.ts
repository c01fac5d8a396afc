/**
 * A container runtime in memory. It passes ../contract.ts like the real one and differs in this: containers run no
 * program. `sh -c "exit N"` ends by itself with N, everything else runs until it is stopped or a test ends it with
 * `exit`; every container ignores SIGTERM (as PID 1 without a handler does), so a stop ends it with 137; `echo` and
 * `sh -c "exit N"` are what `execSync` knows.
 */
import {
  RuntimeError,
  type Container,
  type ContainerConfig,
  type ContainerStatus,
  type ImageCredentials,
  type Runtime,
  type RuntimeEvent,
  type RuntimeImage,
  type SandboxConfig,
  type SandboxStatus,
} from "../runtime.ts";

interface FakeContainer extends ContainerStatus {
  config: ContainerConfig;
  podUid: string;
}

type Call = { method: keyof Runtime; argument: string };

export class FakeRuntime implements Runtime {
  readonly sandboxes = new Map<string, SandboxStatus & { config: SandboxConfig }>();
  readonly containers = new Map<string, FakeContainer>();
  readonly images = new Map<string, RuntimeImage>();
  /** Images that a pull finds, with the error that it meets instead, if any. */
  readonly registry = new Map<string, Error | undefined>();
  /** Every call that changes something, in order: what a test reads to see what was done. */
  readonly calls: Call[] = [];
  readonly credentials: (ImageCredentials | undefined)[] = [];
  /** Answers to `execSync`, by the command joined with blanks. */
  readonly programs = new Map<string, { exitCode: number; stdout: string } | Error>();
  readonly #failures = new Map<keyof Runtime, Error[]>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #now: () => number;
  #count = 0;
  #hasLag = false;
  /** Exits that no status has told yet. */
  readonly #untold = new Set<string>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The next call of `method` fails with `error`. */
  failNext(method: keyof Runtime, error: Error): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  /** Puts an image there, as if it had been loaded. */
  addImage(name: string, image: Partial<RuntimeImage> = {}): void {
    this.images.set(name, { id: `sha256:${name}`, repoTags: [name], repoDigests: [], sizeBytes: 1, ...image });
  }

  /** From now on a status tells of an exit only when it was asked for once more, as containerd's does. */
  lagExits(): void {
    this.#hasLag = true;
  }

  /** Ends a running container as its program would. */
  exit(containerId: string, exitCode: number, reason = exitCode === 0 ? "Completed" : "Error"): void {
    const container = this.containers.get(containerId);
    if (container?.state !== "running") return;
    Object.assign(container, { state: "exited", exitCode, reason, finishedAtMs: this.#now() });
    if (this.#hasLag) this.#untold.add(containerId);
    for (const listener of this.#listeners) listener({ type: "exit", containerId, exitCode });
  }

  /** The one container of that name that runs. */
  running(name: string): FakeContainer | undefined {
    return [...this.containers.values()].find((container) => container.name === name && container.state === "running");
  }

  version() {
    return Promise.resolve({ name: "fake", version: "1", apiVersion: "v1" });
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    this.#enter("runSandbox", config.name);
    const id = this.#id("sandbox");
    const { name, uid, namespace, attempt, labels, annotations } = config;
    const ips = config.hostNetwork ? [] : [`10.0.0.${this.#count}`];
    this.sandboxes.set(id, { id, name, uid, namespace, attempt, labels, annotations, ips, state: "ready", createdAtMs: this.#now(), config });
    return Promise.resolve(id);
  }

  async stopSandbox(id: string): Promise<void> {
    this.#enter("stopSandbox", id);
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    for (const container of this.#inSandbox(id)) this.exit(container.id, 137);
    sandbox.state = "notready";
    await Promise.resolve();
  }

  async removeSandbox(id: string): Promise<void> {
    this.#enter("removeSandbox", id);
    for (const container of this.#inSandbox(id)) this.containers.delete(container.id);
    this.sandboxes.delete(id);
    await Promise.resolve();
  }

  sandboxStatus(id: string) {
    return Promise.resolve(this.sandboxes.get(id));
  }

  listSandboxes(podUid?: string) {
    const all = [...this.sandboxes.values()];
    return Promise.resolve(all.filter((sandbox) => podUid === undefined || sandbox.uid === podUid));
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    this.#enter("createContainer", config.name);
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox === undefined) throw new RuntimeError("not_found", `sandbox ${sandboxId} not found`);
    const image = this.#image(config.image);
    if (image === undefined) throw new RuntimeError("not_found", `failed to resolve image "${config.image}"`);
    const isTaken = this.#inSandbox(sandboxId).some(({ name, attempt }) => name === config.name && attempt === config.attempt);
    if (isTaken) throw new RuntimeError("unknown", `name "${config.name}_${config.attempt}" is reserved`);
    const id = this.#id("container");
    const { name, attempt, labels, annotations } = config;
    this.containers.set(id, {
      ...{ id, sandboxId, name, attempt, labels, annotations, image: config.image, imageRef: image.id, config },
      ...{ podUid: sandbox.uid, state: "created", createdAtMs: this.#now(), startedAtMs: 0, finishedAtMs: 0 },
      ...{ exitCode: 0, reason: "", message: "", logPath: `${sandbox.config.logDirectory}/${config.logPath}` },
    });
    return Promise.resolve(id);
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id);
    this.#enter("startContainer", container.name);
    if (container.state !== "created") throw new RuntimeError("unknown", `container is in ${container.state} state`);
    Object.assign(container, { state: "running", startedAtMs: this.#now() });
    const code = exitCodeOf(container.config.command);
    if (code !== undefined) queueMicrotask(() => this.exit(id, code));
    await Promise.resolve();
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const container = this.containers.get(id);
    this.#enter("stopContainer", `${container?.name ?? id} ${graceSeconds}`);
    this.exit(id, 137);
    await Promise.resolve();
  }

  async removeContainer(id: string): Promise<void> {
    this.#enter("removeContainer", this.containers.get(id)?.name ?? id);
    this.containers.delete(id);
    await Promise.resolve();
  }

  containerStatus(id: string): Promise<ContainerStatus | undefined> {
    const container = this.containers.get(id);
    const isLate = this.#untold.delete(id);
    return Promise.resolve(container && { ...container, ...(isLate && { state: "running" as const }) });
  }

  listContainers(podUid?: string): Promise<Container[]> {
    const all = [...this.containers.values()];
    return Promise.resolve(all.filter((container) => podUid === undefined || container.podUid === podUid).map((container) => ({ ...container, ...(this.#untold.has(container.id) && { state: "running" as const }) })));
  }

  async updateContainerResources(id: string): Promise<void> {
    this.#enter("updateContainerResources", this.#container(id).name);
    await Promise.resolve();
  }

  async reopenContainerLog(id: string): Promise<void> {
    this.#enter("reopenContainerLog", this.#container(id).name);
    await Promise.resolve();
  }

  async execSync(id: string, command: string[]) {
    this.#enter("execSync", command.join(" "));
    if (this.#container(id).state !== "running") throw new RuntimeError("unknown", "container is not running");
    const program = this.programs.get(command.join(" "));
    if (program instanceof Error) throw program;
    const stdout = program?.stdout ?? (command[0] === "echo" ? `${command.slice(1).join(" ")}\n` : "");
    const exitCode = program?.exitCode ?? exitCodeOf(command) ?? 0;
    return Promise.resolve({ exitCode, stdout: Buffer.from(stdout), stderr: new Uint8Array() });
  }

  exec(): Promise<string> {
    return Promise.reject(new RuntimeError("unimplemented", "the fake runtime has no streaming server"));
  }

  attach(): Promise<string> {
    return this.exec();
  }

  portForward(): Promise<string> {
    return this.exec();
  }

  imageStatus(image: string) {
    return Promise.resolve(this.#image(image));
  }

  async pullImage(image: string, credentials: ImageCredentials | undefined): Promise<string> {
    this.#enter("pullImage", image);
    this.credentials.push(credentials);
    if (!this.registry.has(image)) throw new RuntimeError("not_found", `failed to resolve reference "${image}": not found`);
    const error = this.registry.get(image);
    if (error !== undefined) throw error;
    this.addImage(image);
    return Promise.resolve(`sha256:${image}`);
  }

  listImages() {
    return Promise.resolve([...this.images.values()]);
  }

  async removeImage(image: string): Promise<void> {
    this.#enter("removeImage", image);
    for (const [name, { id }] of this.images) if (name === image || id === image) this.images.delete(name);
    await Promise.resolve();
  }

  containerStats() {
    const running = [...this.containers.values()].filter(({ state }) => state === "running");
    return Promise.resolve(running.map(({ id }) => ({ id, cpuNanoSeconds: 1, memoryWorkingSetBytes: 1 })));
  }

  watchEvents(listener: (event: RuntimeEvent) => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
    queueMicrotask(() => listener({ type: "resync" }));
  }

  /** What was to fail fails no more. */
  succeed(method: keyof Runtime): void {
    this.#failures.delete(method);
  }

  /** It was away, and is there again. */
  comeBack(): void {
    for (const listener of this.#listeners) listener({ type: "resync" });
  }

  #enter(method: keyof Runtime, argument: string): void {
    this.calls.push({ method, argument });
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }

  #id(kind: string): string {
    this.#count += 1;
    return `${kind}-${this.#count}`;
  }

  #image(name: string): RuntimeImage | undefined {
    return this.images.get(name) ?? [...this.images.values()].find(({ id }) => id === name);
  }

  #inSandbox(sandboxId: string): FakeContainer[] {
    return [...this.containers.values()].filter((container) => container.sandboxId === sandboxId);
  }

  #container(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (container === undefined) throw new RuntimeError("not_found", `container ${id} not found`);
    return container;
  }
}

function exitCodeOf(command: string[]): number | undefined {
  const match = command[0] === "sh" ? /^exit (\d+)$/.exec(command[2] ?? "") : null;
  return match === null ? undefined : Number(match[1]);
}
