/**
 * Starts one container of a pod: image, configuration, create, start, postStart. What keeps it from starting is a
 * value with the kubelet's reason, because it belongs into the container's status.
 */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Container, Secret } from "../../protocol/kubernetes/generated/types.ts";
import { RuntimeError, type RuntimeImage, type SandboxConfig } from "../runtime/runtime.ts";
import { containerConfig } from "./container-config.ts";
import type { PodDependencies } from "./dependencies.ts";
import { ConfigError, environmentOf } from "./env/environment.ts";
import { expand } from "./env/expand.ts";
import type { Happening } from "./event-recorder.ts";
import { runHook } from "./hooks.ts";
import type { ContainerKind, StoredPod } from "./observed.ts";
import { hostsFilePath, terminationMessagePath } from "./paths.ts";
import type { Waiting } from "./status/container-status.ts";
import { VolumeError } from "./volumes/projection.ts";
import type { MountedVolumes } from "./volumes/volumes.ts";

export interface StartRequest {
  pod: StoredPod;
  container: Container;
  kind: ContainerKind;
  attempt: number;
  sandboxId: string;
  sandbox: SandboxConfig;
  podIps: readonly string[];
  volumes: MountedVolumes;
}

export type StartResult = { isStarted: true; containerId: string } | { isStarted: false; waiting: Waiting; retryAtMs: number };

/** A container that could not be made is tried again after this, or when an object that it names changes. */
const retryMs = 10_000;

export async function startContainer(dependencies: PodDependencies, request: StartRequest): Promise<StartResult> {
  const { clock } = dependencies;
  const tell = tellerOf(dependencies, request);
  const image = await ensureImage(dependencies, request);
  if (!image.isPresent) {
    const { reason, message, retryAtMs } = image;
    if (reason !== "ImagePullBackOff") tell({ type: "Warning", reason: "Failed", message: `Error: ${reason}` });
    return { isStarted: false, waiting: { reason, message }, retryAtMs: retryAtMs ?? clock.now() + retryMs };
  }
  const failed = (reason: string, message: string): StartResult => {
    tell({ type: "Warning", reason: "Failed", message: `Error: ${message}` });
    return { isStarted: false, waiting: { reason, message }, retryAtMs: clock.now() + retryMs };
  };
  try {
    const containerId = await dependencies.starts.use(() => create(dependencies, request, image.image));
    tell({ type: "Normal", reason: "Created", message: "Container created" });
    const error = await run(dependencies, containerId);
    if (error !== undefined) return failed("RunContainerError", error);
    tell({ type: "Normal", reason: "Started", message: "Container started" });
    await postStart(dependencies, request, containerId);
    return { isStarted: true, containerId };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof VolumeError) return failed("CreateContainerConfigError", error.message);
    if (error instanceof RuntimeError && !isRuntimeGone(error)) return failed("CreateContainerError", error.message);
    throw error;
  }
}

/** The runtime itself does not answer: no fault of the container, so it is no reason in its status. */
export function isRuntimeGone(error: unknown): boolean {
  return error instanceof RuntimeError && (error.code === "unavailable" || error.code === "cancelled");
}

function tellerOf({ events }: PodDependencies, { pod, container, kind }: StartRequest): (happening: Happening) => void {
  return (happening) => events.forPod(pod, { ...happening, container: container.name, isInit: kind !== "main" });
}

async function ensureImage(dependencies: PodDependencies, request: StartRequest) {
  const { pod, container } = request;
  const { image = "", imagePullPolicy: policy } = container;
  const tell = tellerOf(dependencies, request);
  const secrets = pullSecrets(dependencies, pod);
  return await dependencies.images.ensure(
    { podUid: pod.metadata.uid, image, policy, secrets },
    {
      pulling: () => tell({ type: "Normal", reason: "Pulling", message: `Pulling image "${image}"` }),
      pulled: ({ sizeBytes }, ms) => tell({ type: "Normal", reason: "Pulled", message: pulledMessage(image, { sizeBytes, ms }) }),
      failed: (message) => tell({ type: "Warning", reason: "Failed", message }),
      backOff: () => {
        tell({ type: "Normal", reason: "BackOff", message: `Back-off pulling image "${image}"` });
        tell({ type: "Warning", reason: "Failed", message: "Error: ImagePullBackOff" });
      },
    },
  );
}

function pulledMessage(image: string, { sizeBytes, ms }: { sizeBytes: number; ms: number | undefined }): string {
  if (ms === undefined) return `Container image "${image}" already present on machine and can be accessed by the pod`;
  const took = ms < 1000 ? `${ms}ms` : `${Math.round(ms) / 1000}s`;
  return `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${sizeBytes} bytes.`;
}

function pullSecrets({ objects }: PodDependencies, pod: StoredPod): Secret[] {
  const namespace = pod.metadata.namespace ?? "default";
  return (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => objects.secret(namespace, name ?? "") ?? []);
}

async function create(dependencies: PodDependencies, request: StartRequest, image: RuntimeImage): Promise<string> {
  const { pod, container, attempt, podIps } = request;
  const { runtime, node, paths, objects } = dependencies;
  const { uid } = pod.metadata;
  const env = environmentOf({ pod, container, objects, context: { ...node, podIps } });
  const terminationMessageFile = terminationMessagePath(paths, { uid, container: container.name, attempt });
  await makeFile(terminationMessageFile);
  const config = containerConfig(pod, {
    container,
    attempt,
    image,
    env,
    mountPaths: await mountPaths(dependencies, request, env),
    hostsFile: hostsFilePath(paths, uid),
    terminationMessageFile,
    nodeMemoryBytes: node.memoryBytes,
  });
  await mkdir(dirname(`${request.sandbox.logDirectory}/${config.logPath}`), { recursive: true, mode: 0o755 });
  return await runtime.createContainer(request.sandboxId, config, request.sandbox);
}

/** The container writes it, whoever it runs as. */
async function makeFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, "");
  await chmod(path, 0o666);
}

async function mountPaths({ volumes: host }: PodDependencies, { pod, container, volumes }: StartRequest, env: ReadonlyMap<string, string>): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const volume = volumes.get(mount.name);
    if (volume === undefined) throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    const subPath = mount.subPathExpr === undefined ? (mount.subPath ?? "") : expand(mount.subPathExpr, (name) => env.get(name));
    paths.push(subPath === "" ? volume : await host.subPath(pod, { volume, subPath, container: container.name, index }));
  }
  return paths;
}

/** Undefined: it runs. The words of a start that failed otherwise: the runtime marks the container as exited. */
async function run({ runtime, starts }: PodDependencies, containerId: string): Promise<string | undefined> {
  try {
    await starts.use(() => runtime.startContainer(containerId));
    return undefined;
  } catch (error) {
    if (error instanceof RuntimeError && !isRuntimeGone(error)) return error.message;
    throw error;
  }
}

async function postStart(dependencies: PodDependencies, request: StartRequest, containerId: string): Promise<void> {
  const { pod, container, podIps } = request;
  const handler = container.lifecycle?.postStart;
  if (handler === undefined) return;
  const { runtime, clock } = dependencies;
  const target = { container, containerId, podIp: podIps[0] ?? "" };
  const error = await runHook(handler, { runtime, clock, target, timeoutSeconds: 3600 });
  if (error === undefined) return;
  tellerOf(dependencies, request)({ type: "Warning", reason: "FailedPostStartHook", message: `PostStartHook failed: ${error}` });
  await runtime.stopContainer(containerId, pod.spec?.terminationGracePeriodSeconds ?? 30);
}
