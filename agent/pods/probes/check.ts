/** One probe, once: http, tcp, exec or grpc, with the kubelet's words for what went wrong. */
import type { Container, ExecAction, HTTPGetAction, IntOrString, Probe } from "../../../protocol/kubernetes/generated/types.ts";
import { connect } from "node:net";
import { RuntimeError, type Runtime } from "../../runtime/runtime.ts";
import { checkGrpc } from "./grpc.ts";

export type ProbeOutcome = { isSuccess: true } | { isSuccess: false; output: string };

export interface ProbeTarget {
  container: Container;
  containerId: string;
  podIp: string;
}

type ExecSync = Pick<Runtime, "execSync">;
const success: ProbeOutcome = { isSuccess: true };
const failure = (output: string): ProbeOutcome => ({ isSuccess: false, output });
const longestOutput = 10 * 1024;

export async function checkProbe(runtime: ExecSync, probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  if (probe.exec !== undefined) return await checkExec(runtime, probe.exec, { target, timeoutSeconds });
  if (probe.httpGet !== undefined) return await checkHttp(probe.httpGet, { target, timeoutMs: timeoutSeconds * 1000 });
  if (probe.tcpSocket !== undefined) {
    const port = resolvePort(probe.tcpSocket.port, target.container);
    return await checkTcp(probe.tcpSocket.host || target.podIp, port, timeoutSeconds * 1000);
  }
  if (probe.grpc !== undefined) return await checkGrpc(target.podIp, probe.grpc, timeoutSeconds * 1000);
  return failure("missing probe handler");
}

async function checkExec(runtime: ExecSync, { command = [] }: ExecAction, { target, timeoutSeconds }: { target: ProbeTarget; timeoutSeconds: number }): Promise<ProbeOutcome> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(target.containerId, command, timeoutSeconds);
    const output = Buffer.concat([stdout, stderr]).subarray(0, longestOutput).toString("utf8");
    return exitCode === 0 ? success : failure(output);
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "deadline_exceeded") {
      return failure(`command timed out: "${command.join(" ")}" timed out after ${timeoutSeconds}s`);
    }
    return failure(error instanceof Error ? error.message : String(error));
  }
}

/** A number, or the name of one of the container's ports; NaN if there is no such name. */
export function resolvePort(port: IntOrString, container: Container): number {
  if (typeof port === "number") return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
}

async function checkTcp(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const socket = connect({ host, port });
  socket.setTimeout(timeoutMs, () => resolve(failure(`dial tcp ${host}:${port}: i/o timeout`)));
  socket.once("connect", () => resolve(success));
  socket.once("error", (error) => resolve(failure(dialError(error, host, port))));
  const outcome = await promise;
  socket.destroy();
  return outcome;
}

export function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const words: Record<string, string> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ETIMEDOUT: "i/o timeout",
    ENOTFOUND: "no such host",
  };
  return `dial tcp ${host}:${port}: ${words[error.code ?? ""] ?? error.message}`;
}

export function httpUrl(action: HTTPGetAction, target: Pick<ProbeTarget, "container" | "podIp">): URL {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const host = action.host || target.podIp;
  const path = action.path || "/";
  const address = host.includes(":") ? `[${host}]` : host;
  return new URL(`${scheme}://${address}:${resolvePort(action.port, target.container)}${path.startsWith("/") ? path : `/${path}`}`);
}

async function checkHttp(action: HTTPGetAction, { target, timeoutMs }: { target: ProbeTarget; timeoutMs: number }): Promise<ProbeOutcome> {
  const url = httpUrl(action, target);
  const headers = { "User-Agent": "kube-probe/1.35", Accept: "*/*", Connection: "close", ...headersOf(action) };
  try {
    const { statusCode } = await httpGet(url, { headers, timeoutMs });
    if (statusCode >= 200 && statusCode < 400) return success;
    return failure(`HTTP probe failed with statuscode: ${statusCode}`);
  } catch (error) {
    return failure(`Get "${url.href}": ${error instanceof Error ? httpError(error, url) : String(error)}`);
  }
}

function httpError(error: Error, url: URL): string {
  if (error.name === "TimeoutError" || error.name === "AbortError") {
    return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  }
  return dialError(error, url.hostname, Number(url.port));
}

export function headersOf({ httpHeaders = [] }: HTTPGetAction): Record<string, string> {
  return Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
}

/** Modules for HTTP are loaded with the first probe: many hosts never need them. Certificates are not checked. */
export async function httpGet(url: URL, { headers, timeoutMs }: { headers: Record<string, string>; timeoutMs: number }): Promise<{ statusCode: number; body: string }> {
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<{ statusCode: number; body: string }>();
  const signal = AbortSignal.timeout(timeoutMs);
  const sent = request(url, { headers, signal, agent: false, rejectUnauthorized: false }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => (body = (body + text).slice(0, longestOutput)));
    response.once("error", reject);
    response.once("end", () => resolve({ statusCode: response.statusCode ?? 0, body }));
  });
  sent.once("error", (error) => reject(signal.aborted ? signal.reason : error));
  sent.end();
  return await promise;
}
