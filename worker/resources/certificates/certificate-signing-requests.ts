/** CertificateSigningRequests: asked for by anyone, decided through `approval`, signed through `status`. */
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { humanDuration } from "../duration.ts";
import type { RequestContext, SubresourceStrategy } from "../resource.ts";
import { keepAllBut, keepMetadata } from "../status-strategy.ts";
import { requestErrors, requestUpdateErrors } from "./request-rules.ts";

export const certificateSigningRequests = defineResource<CertificateSigningRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  schema: "io.k8s.api.certificates.v1.CertificateSigningRequest",
  isNamespaced: false,
  takesAnyName: true,
  prepareForCreate(request, { user }) {
    // Who asks is whoever sends the request, whatever it says.
    const { uid: _uid, groups: _groups, extra: _extra, username: _username, ...spec } = request.spec;
    const { name: username, groups, uid, extra } = user;
    request.spec = { ...spec, username, ...(groups.length > 0 && { groups }), ...(uid !== undefined && { uid }), ...(extra !== undefined && { extra }) };
    request.status = {};
  },
  prepareForUpdate(next, previous) {
    next.spec = previous.spec;
  },
  validate: requestErrors,
  subresources: { approval: part("approval"), status: part("status") },
  columns: [
    nameColumn,
    ageColumn,
    column<CertificateSigningRequest>("SignerName", "Who is asked to sign.", ({ spec }) => spec?.signerName || "<none>"),
    column<CertificateSigningRequest>("Requestor", "Who asks.", ({ spec }) => spec?.username ?? ""),
    column<CertificateSigningRequest>("RequestedDuration", "How long the certificate shall last.", durationText),
    column<CertificateSigningRequest>("Condition", "What became of it.", conditionText),
  ],
  selectableFields: ({ spec }) => ({ "spec.signerName": spec.signerName }),
});

function durationText({ spec }: CertificateSigningRequest): string {
  const seconds = spec?.expirationSeconds;
  return seconds === undefined ? "<none>" : humanDuration(seconds * 1000);
}

function conditionText({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) === true;
  const decisions = ["Approved", "Denied"].filter(has);
  const words = decisions.length === 0 ? ["Pending"] : decisions;
  return [...words, ...(has("Failed") ? ["Failed"] : []), ...(status?.certificate ? ["Issued"] : [])].join(",");
}

type Request = Stored<CertificateSigningRequest>;

function part(name: "status" | "approval"): SubresourceStrategy<CertificateSigningRequest> {
  return {
    prepareForUpdate(next, previous, context) {
      keepAllBut(next, previous, "status");
      keepMetadata(next, previous, ["labels", "ownerReferences"]);
      stampConditions(next, previous, context);
    },
    validateUpdate: (next, previous) => requestUpdateErrors(next, previous, name),
  };
}

/** The time of a condition is when it came, and when its status last changed. Mutates. */
function stampConditions(next: CertificateSigningRequest, previous: Request, { now }: RequestContext): void {
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  for (const condition of next.status?.conditions ?? []) {
    condition.lastUpdateTime ??= time;
    condition.lastTransitionTime ??= transitionTime(condition, previous) ?? time;
  }
}

function transitionTime({ type, status }: CertificateSigningRequestCondition, previous: Request): string | undefined {
  return previous.status?.conditions?.find((condition) => condition.type === type && condition.status === status)?.lastTransitionTime;
}
