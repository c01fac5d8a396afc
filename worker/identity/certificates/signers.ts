/**
 * What each of the cluster's own signers signs, in upstream's words (pkg/controller/certificates, api/certificates/v1).
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
 */

/** What a request says of itself. */
export interface RequestFacts {
  /** A subject may have more than one; who reads which of them differs. */
  commonNames: string[];
  organizations: string[];
  dnsNames: string[];
  ipAddresses: string[];
  emailAddresses: string[];
  uris: string[];
}

interface Rules {
  usages: { required: string[]; optional: string[] };
  check(facts: RequestFacts): string | undefined;
}

const hasOnlyNodesGroup = ({ organizations }: RequestFacts): boolean => organizations.length === 1 && organizations[0] === "system:nodes";
const nodeName = ({ commonNames }: RequestFacts): string | undefined =>
  commonNames.length === 1 && commonNames[0]?.startsWith("system:node:") === true ? undefined : "subject common name does not begin with system:node:";

const signers: Record<string, Rules> = {
  "kubernetes.io/kube-apiserver-client": {
    usages: { required: ["client auth"], optional: ["digital signature", "key encipherment"] },
    check: () => undefined,
  },
  "kubernetes.io/kube-apiserver-client-kubelet": {
    usages: { required: ["digital signature", "client auth"], optional: ["key encipherment"] },
    check(facts) {
      if (!hasOnlyNodesGroup(facts)) return "subject organization is not system:nodes";
      if (facts.dnsNames.length > 0) return "DNS subjectAltNames are not allowed";
      if (facts.emailAddresses.length > 0) return "Email subjectAltNames are not allowed";
      if (facts.ipAddresses.length > 0) return "IP subjectAltNames are not allowed";
      if (facts.uris.length > 0) return "URI subjectAltNames are not allowed";
      return nodeName(facts);
    },
  },
  "kubernetes.io/kubelet-serving": {
    usages: { required: ["digital signature", "server auth"], optional: ["key encipherment"] },
    check(facts) {
      if (!hasOnlyNodesGroup(facts)) return "subject organization is not system:nodes";
      if (facts.dnsNames.length + facts.ipAddresses.length === 0) return "DNS or IP subjectAltName is required";
      if (facts.emailAddresses.length > 0) return "Email subjectAltNames are not allowed";
      if (facts.uris.length > 0) return "URI subjectAltNames are not allowed";
      return nodeName(facts);
    },
  },
};

export function isOwnSigner(name: string): boolean {
  return Object.hasOwn(signers, name);
}

/** Undefined: the signer signs it. */
export function whyNotSigned(signer: string, facts: RequestFacts, usages: readonly string[]): string | undefined {
  const rules = signers[signer];
  if (rules === undefined) return `unknown signer ${signer}`;
  const why = rules.check(facts);
  if (why !== undefined) return why;
  const { required, optional } = rules.usages;
  const isMissing = required.some((usage) => !usages.includes(usage));
  const isForeign = usages.some((usage) => !required.includes(usage) && !optional.includes(usage));
  return isMissing || isForeign ? `usages did not match ${JSON.stringify(required)}` : undefined;
}
