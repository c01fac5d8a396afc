/** CertificateSubjectRestriction: no client certificate is signed here that would make its holder a cluster's master. */
import type { CertificateSigningRequest } from "../../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { Plugin } from "./plugin.ts";

/** DER: UTF8String or PrintableString of fourteen characters. */
const masters = ["\x0c\x0esystem:masters", "\x13\x0esystem:masters"];

export const certificateSubjectRestriction: Plugin = {
  name: "CertificateSubjectRestriction",
  resources: ["certificatesigningrequests.certificates.k8s.io"],
  validate({ operation, subresource, object }) {
    const { metadata, spec } = object as CertificateSigningRequest;
    if (operation !== "CREATE" || subresource !== "" || spec.signerName !== "kubernetes.io/kube-apiserver-client") return [];
    const der = derOf(spec.request);
    if (!masters.some((name) => der.includes(name))) return [];
    const about = { group: "certificates.k8s.io", kind: "certificatesigningrequests", name: metadata?.name ?? "" };
    throw StatusError.forbidden(about, "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed");
  },
};

/** The request is PEM, in base64; what cannot be read is refused by validation. */
function derOf(request: string): string {
  try {
    return atob(atob(request).replaceAll(/-----[^-]+-----|\s/g, ""));
  } catch {
    return "";
  }
}
