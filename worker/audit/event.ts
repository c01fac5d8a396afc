/** One line of the audit log: an `audit.k8s.io/v1` Event. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import type { UserInfo } from "../../protocol/kubernetes/generated/types.ts";
import type { Attributes, Decision } from "../auth/attributes.ts";
import { userInfoOf } from "../auth/review.ts";
import type { User } from "../auth/user.ts";
import type { Auditing, Stage } from "./policy.ts";

export interface Audited {
  auditId: string;
  /** With its query. */
  uri: string;
  attributes: Attributes;
  /** Undefined: nobody who is known. */
  caller?: User;
  impersonated?: User;
  sourceIps: string[];
  userAgent: string;
  /** Milliseconds since the epoch. */
  receivedAt: number;
}

export interface Outcome {
  code: number;
  /** Of a refusal. */
  status?: { status?: string; message?: string; reason?: string };
  decision?: Decision;
  /** Of admission. */
  annotations?: Record<string, string>;
  requestObject?: unknown;
  responseObject?: unknown;
}

export function auditEvent(auditing: Auditing, stage: Stage, audited: Audited, at: number, outcome?: Outcome): object {
  const { auditId, uri, attributes, caller, impersonated, sourceIps, userAgent, receivedAt } = audited;
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: auditing.level,
    auditID: auditId,
    stage,
    requestURI: uri,
    verb: attributes.verb,
    user: caller === undefined ? {} : shown(caller),
    ...(impersonated === undefined ? {} : { impersonatedUser: shown(impersonated) }),
    ...(sourceIps.length === 0 ? {} : { sourceIPs: sourceIps }),
    ...(userAgent === "" ? {} : { userAgent }),
    ...(attributes.isResource ? { objectRef: objectRefOf(attributes, outcome) } : {}),
    ...(outcome === undefined ? {} : outcomeFields(auditing, attributes, outcome)),
    requestReceivedTimestamp: microTime(receivedAt),
    stageTimestamp: microTime(at),
    ...annotationsField(outcome),
  };
}

function shown(user: User): UserInfo {
  return userInfoOf(user);
}

function objectRefOf(attributes: Attributes & { isResource: true }, outcome: Outcome | undefined): object {
  const { resource, subresource, namespace, name, group, version = "" } = attributes;
  const { name: created } = metadataIn(outcome?.requestObject);
  const { uid, resourceVersion } = metadataIn(outcome?.requestObject);
  const parts = { resource, namespace, name: name || created, uid, apiGroup: group, apiVersion: version, resourceVersion, subresource };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined && value !== ""));
}

function metadataIn(object: unknown): { name?: string; uid?: string; resourceVersion?: string } {
  return isRecord(object) && isRecord(object["metadata"]) ? object["metadata"] : {};
}

function outcomeFields({ level, omitManagedFields }: Auditing, attributes: Attributes, outcome: Outcome): object {
  const { code, status, requestObject, responseObject } = outcome;
  const body = (object: unknown) => withoutTokens(attributes, omitManagedFields ? withoutManagedFields(object) : object);
  const isRequestShown = level === "Request" || level === "RequestResponse";
  return {
    responseStatus: { metadata: {}, ...status, code },
    ...(isRequestShown && requestObject !== undefined ? { requestObject: body(requestObject) } : {}),
    ...(level === "RequestResponse" && responseObject !== undefined ? { responseObject: body(responseObject) } : {}),
  };
}

/** What would let a reader of the log be somebody else is never in it, whatever the policy says. */
function withoutTokens(attributes: Attributes, object: unknown): unknown {
  if (!isRecord(object)) return object;
  if (!attributes.isResource) return attributes.path.startsWith("/kedge/") ? undefined : object;
  const hasTokens = attributes.resource === "tokenreviews" || attributes.subresource === "token";
  if (!hasTokens) return object;
  return { ...object, ...redacted(object, "spec"), ...redacted(object, "status") };
}

function redacted(object: Record<string, unknown>, part: string): Record<string, unknown> {
  const value = object[part];
  return isRecord(value) && "token" in value ? { [part]: { ...value, token: "" } } : {};
}

function withoutManagedFields(object: unknown): unknown {
  if (!isRecord(object)) return object;
  const { items, metadata } = object;
  const { managedFields: _managed, ...rest } = isRecord(metadata) ? metadata : {};
  return {
    ...object,
    ...(isRecord(metadata) ? { metadata: rest } : {}),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
  };
}

function annotationsField({ decision, annotations = {} }: Outcome = { code: 0 }): { annotations?: Record<string, string> } {
  const all = { ...(decision === undefined ? {} : annotationsOf(decision)), ...annotations };
  return Object.keys(all).length === 0 ? {} : { annotations: all };
}

function annotationsOf({ isAllowed, reason }: Decision): Record<string, string> {
  return { "authorization.k8s.io/decision": isAllowed ? "allow" : "forbid", "authorization.k8s.io/reason": reason };
}

/** The clock has milliseconds; the format wants six digits. */
function microTime(at: number): string {
  return new Date(at).toISOString().replace("Z", "000Z");
}
