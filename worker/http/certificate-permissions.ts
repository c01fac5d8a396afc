/**
 * Who decides on a certificate request must be allowed to do so for its signer, who signs likewise (upstream's
 * CertificateApproval, CertificateSigning and CertificateSubjectRestriction admission).
 */
import type { CertificateSigningRequest } from "../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { onResource } from "../auth/attributes.ts";
import { organizationsOf } from "../identity/certificates/authority.ts";
import { resourceKey } from "../resources/resource.ts";
import type { Call } from "./context.ts";

const resource = "certificatesigningrequests.certificates.k8s.io";
const apiClient = "kubernetes.io/kube-apiserver-client";

export async function restrictCertificate(call: Call, next: KubernetesObject, previous?: KubernetesObject): Promise<void> {
  if (resourceKey(call.resource) !== resource) return;
  const [request, before] = [next as CertificateSigningRequest, previous as CertificateSigningRequest | undefined];
  if (before === undefined) return await restrictSubject(request);
  const { signerName } = before.spec;
  const name = before.metadata?.name ?? "";
  switch (call.info.subresource) {
    case "approval":
      return await need(call, "approve", { name, signerName });
    case "status": {
      const isSigned = request.status?.certificate !== before.status?.certificate || !isEqual(failuresOf(request), failuresOf(before));
      return isSigned ? await need(call, "sign", { name, signerName }) : undefined;
    }
    default:
  }
}

const failuresOf = ({ status }: CertificateSigningRequest) => (status?.conditions ?? []).filter(({ type }) => type === "Failed");

async function need({ authorize, user }: Call, verb: "approve" | "sign", { name, signerName }: { name: string; signerName: string }): Promise<void> {
  const [domain = ""] = signerName.split("/");
  for (const signer of [signerName, `${domain}/*`]) {
    const attributes = onResource({ verb, group: "certificates.k8s.io", resource: "signers", name: signer });
    if ((await authorize(user, attributes)).isAllowed) return;
  }
  throw forbidden(name, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}

/** Nobody is made a master by a certificate. */
async function restrictSubject({ metadata, spec }: CertificateSigningRequest): Promise<void> {
  if (spec?.signerName !== apiClient) return;
  const organizations = await organizationsOf(atobOrEmpty(spec.request));
  if (organizations?.includes("system:masters") !== true) return;
  throw forbidden(metadata?.name ?? "", `use of ${apiClient} signer with system:masters group is not allowed`);
}

function atobOrEmpty(base64: string | undefined): string {
  try {
    return atob(base64 ?? "");
  } catch {
    return "";
  }
}

function forbidden(name: string, why: string): StatusError {
  return StatusError.forbidden({ group: "certificates.k8s.io", kind: "certificatesigningrequests", name }, why);
}
