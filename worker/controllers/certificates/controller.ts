/**
 * CertificateSigningRequests: what was approved is signed, if it asks one of the cluster's own signers; what nobody needs
 * any more goes. https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
 */
import type { CertificateSigningRequest } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action, Controller, Reconciliation, SignedRequest } from "../controller.ts";

type Request = Stored<CertificateSigningRequest>;

export interface RequestSnapshot {
  request: Request | undefined;
  /** What the signer said of a request that waits for it. */
  signed: SignedRequest | undefined;
  now: number;
}

const hourMs = 3600 * 1000;
/** How long a request stays after its last turn, as upstream's cleaner. */
const keptMs = { decided: hourMs, pending: 24 * hourMs };

export const certificateController: Controller<RequestSnapshot> = {
  name: "certificatesigningrequests.certificates.k8s.io",
  async observe(reader, key, now) {
    const request = await reader.get<CertificateSigningRequest>(key);
    const signed = request !== undefined && isWaiting(request) ? await reader.credentials.sign(request) : undefined;
    return { request, signed, now };
  },
  reconcile({ request, signed, now }): Reconciliation {
    if (request === undefined) return { actions: [] };
    const leftMs = endOf(request) - now;
    if (leftMs <= 0) return { actions: [{ type: "delete", object: request }] };
    return { actions: signed === undefined ? [] : [answered(request, signed)], requeueAfterMs: leftMs };
  },
};

const has = ({ status }: Request, type: string): boolean => status?.conditions?.some((condition) => condition.type === type) === true;

function isWaiting(request: Request): boolean {
  return has(request, "Approved") && !has(request, "Denied") && !has(request, "Failed") && !request.status?.certificate;
}

function answered(request: Request, signed: NonNullable<SignedRequest>): Action {
  const failed = "why" in signed ? [{ type: "Failed", status: "True", reason: "SignerValidationFailure", message: signed.why }] : [];
  const status = {
    ...request.status,
    ...("why" in signed ? {} : { certificate: signed.certificate }),
    conditions: [...(request.status?.conditions ?? []), ...failed],
  };
  return { type: "update", object: { ...request, status }, subresource: "status" };
}

/** When it goes: an hour after its decision, a day after it was made if there was none. */
function endOf(request: Request): number {
  const decided = (request.status?.conditions ?? []).filter(({ type }) => ["Approved", "Denied", "Failed"].includes(type));
  const times = decided.map(({ lastUpdateTime }) => Date.parse(lastUpdateTime ?? ""));
  const isIssuing = has(request, "Approved") && !request.status?.certificate && !has(request, "Failed");
  if (decided.length === 0 || isIssuing) return Date.parse(request.metadata.creationTimestamp) + keptMs.pending;
  return Math.max(...times.filter((time) => !Number.isNaN(time)), Date.parse(request.metadata.creationTimestamp)) + keptMs.decided;
}
