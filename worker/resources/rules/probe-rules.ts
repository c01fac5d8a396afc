/** Rules of probes and lifecycle hooks. */
import type { LifecycleHandler, Probe } from "../../../protocol/kubernetes/generated/types.ts";
import { forbidden, invalid, nonNegative, oneOf, positive, required } from "./field-errors.ts";
import { portErrors } from "./port-rules.ts";
import type { FieldError } from "../resource.ts";

/** What a probe and a hook can do; a probe cannot sleep, a hook cannot speak gRPC. */
type Handler = Pick<Probe, "exec" | "httpGet" | "tcpSocket" | "grpc"> & Pick<LifecycleHandler, "sleep">;

export type ProbeKind = "livenessProbe" | "readinessProbe" | "startupProbe";

export function probeErrors(path: string, kind: ProbeKind, probe: Probe | undefined): FieldError[] {
  if (probe === undefined) return [];
  const counts = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] as const;
  const errors = [...handlerErrors(path, probe), ...counts.flatMap((name) => nonNegative(`${path}.${name}`, probe[name]))];
  if (kind !== "readinessProbe" && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalid(`${path}.successThreshold`, probe.successThreshold, "must be 1"));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace === undefined) return errors;
  if (kind === "readinessProbe") {
    return [...errors, invalid(`${path}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes")];
  }
  return [...errors, ...positive(`${path}.terminationGracePeriodSeconds`, grace)];
}

export function handlerErrors(path: string, handler: Handler): FieldError[] {
  const kinds = (["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const).filter((kind) => handler[kind] !== undefined);
  if (kinds.length === 0) return [required(path, "must specify a handler type")];
  const extra = kinds.slice(1).map((kind) => forbidden(`${path}.${kind}`, "may not specify more than 1 handler type"));
  return [...extra, ...ofKind(path, handler)];
}

function ofKind(path: string, { exec, httpGet, tcpSocket, grpc }: Handler): FieldError[] {
  if (exec !== undefined) return (exec.command ?? []).length === 0 ? [required(`${path}.exec.command`)] : [];
  if (httpGet !== undefined) return httpErrors(`${path}.httpGet`, httpGet);
  if (tcpSocket !== undefined) return portErrors(`${path}.tcpSocket.port`, tcpSocket.port);
  return grpc === undefined ? [] : portErrors(`${path}.grpc.port`, grpc.port);
}

function httpErrors(path: string, get: NonNullable<Probe["httpGet"]>): FieldError[] {
  return [
    ...(get.path ? [] : [required(`${path}.path`)]),
    ...portErrors(`${path}.port`, get.port),
    ...oneOf(`${path}.scheme`, get.scheme, ["HTTP", "HTTPS"]),
  ];
}
