/** Rules of CertificateSigningRequests (pkg/apis/certificates/validation). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { duplicate, duplicatesAt, forbidden, invalid, notSupported, required, tooLong } from "../rules/field-errors.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors } from "../rules/names.ts";

const usages = [
  "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only",
  "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user",
  "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing",
  "timestamping",
];
const shortestSeconds = 600;

export function requestErrors({ spec, status }: CertificateSigningRequest): FieldError[] {
  const given = spec.usages ?? [];
  const seconds = spec.expirationSeconds;
  return [
    ...pemErrors("spec.request", spec.request ?? ""),
    ...(given.length === 0 ? [required("spec.usages")] : []),
    ...given.flatMap((usage, at) => (usages.includes(usage) ? [] : [notSupported(`spec.usages[${at}]`, usage, usages)])),
    ...duplicatesAt(given, (usage) => usage, (at) => `spec.usages[${at}]`),
    ...signerNameErrors("spec.signerName", spec.signerName),
    ...(seconds !== undefined && seconds < shortestSeconds
      ? [invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)")]
      : []),
    ...conditionsErrors("status.conditions", status?.conditions ?? []),
  ];
}

const pemPattern = /-----BEGIN ([^-]+)-----([\s\S]*?)-----END ([^-]+)-----/;

/** The envelope only: whether the request signs itself is checked where it is signed. */
function pemErrors(path: string, request: string): FieldError[] {
  const match = pemPattern.exec(decoded(request));
  const isRequest = match?.[1] === "CERTIFICATE REQUEST" && match[3] === match[1];
  return isRequest ? [] : [invalid(path, request, "PEM block type must be CERTIFICATE REQUEST")];
}

function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return "";
  }
}

const legacy = "kubernetes.io/legacy-unknown";
const domainLimit = 253;

/** `example.com/signer-name` */
function signerNameErrors(path: string, name: string): FieldError[] {
  if (name === "") return [required(path)];
  if (name === legacy) return [invalid(path, name, "the legacy signerName is not allowed via this API version")];
  const [domain = "", signer = "", ...more] = name.split("/");
  if (!name.includes("/") || more.length > 0) {
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  return [
    ...(domain.length > domainLimit ? [tooLong(path, domainLimit)] : []),
    ...firstWrongPart(path, domain, dns1123LabelErrors),
    ...(domain.includes(".") ? [] : [invalid(path, domain, "should be a domain with at least two segments separated by dots")]),
    ...firstWrongPart(path, signer, dns1123SubdomainErrors),
  ];
}

function firstWrongPart(path: string, text: string, rule: (part: string) => string[]): FieldError[] {
  const wrong = text.split(".").find((part) => rule(part).length > 0);
  if (wrong === undefined) return [];
  return rule(wrong).map((why) => invalid(path, text, `validating label ${JSON.stringify(wrong)}: ${why}`));
}

const approved = "Approved";
const denied = "Denied";
const lasting = [approved, denied, "Failed"];
const statuses = ["False", "True", "Unknown"];

function conditionsErrors(path: string, conditions: CertificateSigningRequestCondition[]): FieldError[] {
  const seen = new Set<string>();
  return conditions.flatMap(({ type, status }, at) => {
    const place = `${path}[${at}]`;
    const errors = type === "" ? [required(`${place}.type`)] : [];
    const supported = lasting.includes(type) ? ["True"] : statuses;
    if (status === "") errors.push(required(`${place}.status`));
    else if (!supported.includes(status)) errors.push(notSupported(`${place}.status`, status, supported));
    if (seen.has(type)) errors.push(duplicate(`${place}.type`, type));
    if ((type === approved && seen.has(denied)) || (type === denied && seen.has(approved))) {
      errors.push(invalid(`${place}.type`, type, "Approved and Denied conditions are mutually exclusive"));
    }
    seen.add(type);
    return errors;
  });
}

/** Who writes `approval` decides; who writes `status` signs. */
export function requestUpdateErrors(next: CertificateSigningRequest, previous: CertificateSigningRequest, part: "status" | "approval"): FieldError[] {
  const errors = [...requestErrors(next), ...lostConditions(next, previous)];
  if (part === "status") errors.push(...decisionErrors(next, previous));
  const [certificate, before] = [next.status?.certificate, previous.status?.certificate];
  if (certificate === before) return errors;
  if (part === "approval") return [...errors, forbidden("status.certificate", "updates may not set certificate content")];
  if (before) return [...errors, forbidden("status.certificate", "updates may not modify existing certificate content")];
  return errors;
}

const ofType = ({ status }: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] =>
  (status?.conditions ?? []).filter((condition) => condition.type === type);

function lostConditions(next: CertificateSigningRequest, previous: CertificateSigningRequest): FieldError[] {
  return lasting
    .filter((type) => ofType(next, type).length < ofType(previous, type).length)
    .map((type) => forbidden("status.conditions", `updates may not remove a condition of type "${type}"`));
}

function decisionErrors(next: CertificateSigningRequest, previous: CertificateSigningRequest): FieldError[] {
  return [approved, denied].flatMap((type) => {
    const [now, before] = [ofType(next, type), ofType(previous, type)];
    if (now.length > before.length) return [forbidden("status.conditions", `updates may not add a condition of type "${type}"`)];
    if (now.length < before.length || isEqual(now, before)) return [];
    return [forbidden("status.conditions", `updates may not modify a condition of type "${type}"`)];
  });
}
