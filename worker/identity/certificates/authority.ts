/**
 * The cluster's certificate authority: its key is in a keyring (../keyring.ts), made when the first certificate is. What
 * it signs is for mutual TLS among others; the Worker itself sees no client certificates.
 */
import type { JWK } from "jose";
import { Keyring, type KeyringStore } from "../keyring.ts";
import { isOwnSigner, whyNotSigned, type RequestFacts } from "./signers.ts";

export interface Authority {
  /** PEM. */
  certificate: string;
  privateKey: JWK;
}

export interface CertificateWish {
  /** PEM of the request. */
  request: string;
  signerName: string;
  usages: string[];
  expirationSeconds?: number;
}

/** PEM of the certificate and the authority's, or why the signer refuses. */
export type Signed = { certificate: string } | { why: string };

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 24 * 3600 * 1000;
const authorityDays = 3650;
/** As kube-controller-manager's --cluster-signing-duration. */
const longestMs = 365 * dayMs;
const backdateMs = 5 * 60_000;

const keyring = new Keyring<Authority>({ purpose: "certificate-authority", make: makeAuthority, now: () => Date.now() });

export { isOwnSigner };

export async function signRequest(store: KeyringStore, wish: CertificateWish, now: number): Promise<Signed> {
  const { facts, publicKey, subject, alternativeNames } = await readRequest(wish.request);
  const why = whyNotSigned(wish.signerName, facts, wish.usages);
  if (why !== undefined) return { why };
  const x509 = await loadX509();
  const authority = await keyring.keys(store);
  const issuer = new x509.X509Certificate(authority.certificate);
  const lifeMs = Math.min(longestMs, (wish.expirationSeconds ?? Infinity) * 1000);
  const notAfter = Math.min(now + lifeMs, issuer.notAfter.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer.subject,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(notAfter),
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: await crypto.subtle.importKey("jwk", authority.privateKey as JsonWebKey, algorithm, false, ["sign"]),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(keyUsages(wish.usages), true),
      new x509.ExtendedKeyUsageExtension(extendedUsages(wish.usages)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(alternativeNames === undefined ? [] : [alternativeNames]),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n${authority.certificate.trim()}\n` };
}

/** Loaded when a certificate is made: it is large, and a Worker starts often. */
async function loadX509() {
  // x509 looks its classes up through decorators.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(crypto);
  return x509;
}

async function makeAuthority(): Promise<Authority> {
  const x509 = await loadX509();
  // Two keys: the algorithm is an asymmetric one.
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=kubernetes",
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), privateKey: (await crypto.subtle.exportKey("jwk", keys.privateKey)) as JWK };
}

async function readRequest(pem: string) {
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(pem);
  if (!(await request.verify())) throw new UnreadableRequest("the request is not signed by its own key");
  const alternativeNames = request.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension);
  const named = (type: string) => (alternativeNames?.names.items ?? []).filter((name) => name.type === type).map(({ value }) => value);
  const facts: RequestFacts = {
    commonName: request.subjectName.getField("CN")[0] ?? "",
    organizations: request.subjectName.getField("O"),
    dnsNames: named("dns"),
    ipAddresses: named("ip"),
    emailAddresses: named("email"),
    uris: named("url"),
  };
  return { facts, publicKey: request.publicKey, subject: request.subject, alternativeNames };
}

export class UnreadableRequest extends Error {
  override readonly name = "UnreadableRequest";
}

/** The organizations that a request asks for; undefined: it cannot be read. */
export async function organizationsOf(pem: string): Promise<string[] | undefined> {
  try {
    return (await readRequest(pem)).facts.organizations;
  } catch {
    return undefined;
  }
}

function keyUsages(usages: readonly string[]): number {
  const flags: Record<string, number> = { "digital signature": 1, "key encipherment": 4 };
  return usages.reduce((all, usage) => all | (flags[usage] ?? 0), 0);
}

function extendedUsages(usages: readonly string[]): string[] {
  const identifiers: Record<string, string> = { "server auth": "1.3.6.1.5.5.7.3.1", "client auth": "1.3.6.1.5.5.7.3.2" };
  return usages.flatMap((usage) => identifiers[usage] ?? []);
}

function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
