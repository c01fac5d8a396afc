/** What a pod's worker works with; tests put fakes here. */
import type { PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import type { Clock } from "../clock.ts";
import type { Images } from "../images/images.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PodObjects } from "./env/environment.ts";
import type { NodeFacts } from "./env/references.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { ClusterDns } from "./network-files.ts";
import type { StoredPod } from "./observed.ts";
import type { AgentPaths } from "./paths.ts";
import type { Semaphore } from "./semaphore.ts";
import type { Volumes } from "./volumes/volumes.ts";

export interface NodeContext extends NodeFacts {
  memoryBytes: number;
  dns: ClusterDns;
  cgroupRoot: string;
}

/** Where a worker's findings go; ../link/reporter.ts sends them. */
export interface PodReport {
  status(pod: StoredPod, status: PodStatus): void;
  /** Its deletion was asked for, and nothing of it is left here. */
  terminated(pod: StoredPod): void;
}

/** Cgroups of pods and their classes, below the agent's own. */
export interface PodCgroups {
  create(pod: StoredPod): Promise<void>;
  remove(pod: StoredPod): Promise<void>;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PodDependencies {
  runtime: Runtime;
  images: Images;
  volumes: Volumes;
  cgroups: PodCgroups;
  events: EventRecorder;
  report: PodReport;
  objects: PodObjects;
  clock: Clock;
  /** Bounds how many sandboxes and containers start at once. */
  starts: Semaphore;
  node: NodeContext;
  paths: AgentPaths;
  /** Text of a file of the host, empty if there is none. */
  hostFile(path: string): Promise<string>;
  log: Log;
}
