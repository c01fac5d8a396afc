/** Where a pod's files are on the host. */
import { join } from "node:path";
import type { StoredPod } from "./observed.ts";

export interface AgentPaths {
  /** Pods' own files and volumes, by uid. */
  podsDir: string;
  /** Secrets' files, in memory. */
  memoryDir: string;
  /** Container logs. */
  logsDir: string;
}

/** `<logs>/<namespace>_<name>_<uid>`, the layout that log collectors know. */
export function podLogDirectory(paths: AgentPaths, pod: StoredPod): string {
  const { namespace = "default", name, uid } = pod.metadata;
  return join(paths.logsDir, `${namespace}_${name}_${uid}`);
}

/** Relative to the pod's log directory. */
export function containerLogPath(container: string, attempt: number): string {
  return `${container}/${attempt}.log`;
}

export function hostsFilePath(paths: AgentPaths, uid: string): string {
  return join(paths.podsDir, uid, "etc-hosts");
}

export function terminationMessagePath(paths: AgentPaths, { uid, container, attempt }: { uid: string; container: string; attempt: number }): string {
  return join(paths.podsDir, uid, "containers", container, String(attempt));
}
