/**
 * What may be streamed from a pod, checked before its agent is asked: options and container as kube-apiserver checks
 * them (registry/core/pod/strategy.go), the container's state as a kubelet does (validateContainerLogStatus). Pure.
 */
import type { ContainerStatus, Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import type { SessionRequest } from "../../protocol/session.ts";
import { StatusError, type StatusCause } from "../../protocol/status.ts";

export type StreamOptions = Omit<SessionRequest, "id">;

/** For `log`; undefined: the pod has no node yet, there is nothing to read. */
export function logRequestOf(pod: Stored<Pod>, query: URLSearchParams): StreamOptions | undefined {
  const options = logOptionsOf(pod, query);
  const container = containerOf(pod, query.get("container") ?? "");
  if (!pod.spec?.nodeName) return undefined;
  checkHasLogs(pod, container, options.previous);
  return { verb: "logs", ...identityOf(pod), container, ...options };
}

export function execRequestOf(pod: Stored<Pod>, query: URLSearchParams): StreamOptions {
  const command = query.getAll("command");
  if (command.length === 0) throw StatusError.badRequest("you must specify a command for the container");
  return { verb: "exec", ...attachable(pod, query), command };
}

export function attachRequestOf(pod: Stored<Pod>, query: URLSearchParams): StreamOptions {
  return { verb: "attach", ...attachable(pod, query) };
}

export function portForwardRequestOf(pod: Stored<Pod>): StreamOptions {
  requireNode(pod);
  return { verb: "portforward", ...identityOf(pod) };
}

/**
 * Refuses, in a kubelet's words, what is not running by what the pod's status says. Only for an answer that is a
 * refusal anyway: whether a container runs knows its agent, and the status may lag behind.
 */
export function requireRunning(pod: Stored<Pod>, container: string | undefined): void {
  if (container === undefined || statusOf(pod, container)?.state?.running) return;
  throw StatusError.internal(`unable to upgrade connection: container not found (${JSON.stringify(container)})`);
}

function attachable(pod: Stored<Pod>, query: URLSearchParams) {
  const container = containerOf(pod, query.get("container") ?? "");
  requireNode(pod);
  const [stdin, stdout, stderr, tty] = ["stdin", "stdout", "stderr", "tty"].map((name) => flag(query, name));
  if (!stdin && !stdout && !stderr) throw StatusError.badRequest("you must specify at least 1 of stdin, stdout, stderr");
  if (tty && stderr) throw StatusError.badRequest("tty and stderr cannot both be true");
  return { ...identityOf(pod), container, stdin: stdin ?? false, stdout: stdout ?? false, stderr: stderr ?? false, tty: tty ?? false };
}

function identityOf({ metadata }: Stored<Pod>): Pick<SessionRequest, "namespace" | "pod" | "uid"> {
  return { namespace: metadata.namespace ?? "", pod: metadata.name, uid: metadata.uid };
}

function requireNode(pod: Stored<Pod>): void {
  if (!pod.spec?.nodeName) throw StatusError.badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}

function containerOf(pod: Stored<Pod>, wanted: string): string {
  const { name } = pod.metadata;
  const names = (pod.spec?.containers ?? []).map((container) => container.name);
  const initNames = (pod.spec?.initContainers ?? []).map((container) => container.name);
  if (wanted !== "") {
    if ([...names, ...initNames].includes(wanted)) return wanted;
    throw StatusError.badRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  const [only, ...others] = names;
  if (only !== undefined && others.length + initNames.length === 0) return only;
  if (only !== undefined && others.length === 0) return only;
  const init = initNames.length === 0 ? "" : ` or one of the init containers: [${initNames.join(" ")}]`;
  throw StatusError.badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(" ")}]${init}`);
}

function logOptionsOf(pod: Stored<Pod>, query: URLSearchParams) {
  const causes: StatusCause[] = [];
  const numbers = {
    tailLines: numberOf(query, "tailLines", { least: 0, causes }),
    limitBytes: numberOf(query, "limitBytes", { least: 1, causes }),
    sinceSeconds: numberOf(query, "sinceSeconds", { least: 1, causes }),
  };
  const sinceTime = query.get("sinceTime") || undefined;
  if (sinceTime !== undefined && numbers.sinceSeconds !== undefined) {
    causes.push({ reason: "FieldValueForbidden", field: "", message: "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified" });
  }
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) {
    throw StatusError.badRequest(`parsing time ${JSON.stringify(sinceTime)}: not in RFC 3339`);
  }
  if (causes.length > 0) throw StatusError.invalid({ group: "", kind: "PodLogOptions", name: pod.metadata.name }, causes);
  const given = Object.fromEntries(Object.entries({ ...numbers, sinceTime }).filter(([, value]) => value !== undefined));
  return { follow: flag(query, "follow"), previous: flag(query, "previous"), timestamps: flag(query, "timestamps"), ...given };
}

function numberOf(query: URLSearchParams, name: string, { least, causes }: { least: number; causes: StatusCause[] }): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^-?\d+$/.test(text)) throw StatusError.badRequest(`${name}: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  const rule = least === 0 ? "must be greater than or equal to 0" : "must be greater than 0";
  if (value < least) causes.push({ reason: "FieldValueInvalid", field: name, message: `Invalid value: ${value}: ${rule}` });
  return value;
}

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "false" && value !== "0";
}

function checkHasLogs(pod: Stored<Pod>, container: string, isPrevious: boolean): void {
  const status = statusOf(pod, container);
  const where = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (!status) throw StatusError.badRequest(`${where} is not available`);
  const { running, terminated, waiting } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (isPrevious) {
    if (!last?.containerID) throw StatusError.badRequest(`previous terminated ${where} not found`);
    return;
  }
  if (running || terminated?.containerID || last?.containerID) return;
  if (terminated) throw StatusError.badRequest(`${where} is terminated`);
  if (waiting) throw StatusError.badRequest(`${where} is waiting to start: ${waitingText(waiting.reason ?? "")}`);
  throw StatusError.badRequest(`${where} is waiting to start - no logs yet`);
}

function waitingText(reason: string): string {
  if (reason === "ErrImagePull") return "image can't be pulled";
  return reason === "ImagePullBackOff" ? "trying and failing to pull image" : reason;
}

function statusOf({ status }: Stored<Pod>, container: string): ContainerStatus | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])];
  return all.find(({ name }) => name === container);
}
