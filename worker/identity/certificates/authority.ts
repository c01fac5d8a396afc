/**
 * The cluster's certificate authority: its key is in a keyring (../keyring.ts), made when the first certificate is. What
 * it signs is for mutual TLS among others; the Worker itself sees no client certificates.
 */
import { base64url, type JWK } from "jose";
import { Keyring, type KeyringStore } from "../keyring.ts";
import { authorityExtensions, keyIdOf, publicKeyOf, serverExtensions, writeCertificate, type ServerNames } from "./certificate.ts";
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

const authorityName = "kubernetes";
/** As kubeadm names the certificate of its API server. */
const serverName = "kube-apiserver";
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
    serialNumber: hex(serialNumber()),
    subject,
    issuer: issuer.subject,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(notAfter),
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: await signingKeyOf(authority),
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

/** PEM of the authority's certificate: what pods trust, as `ca.crt`. */
export async function authorityCertificate(store: KeyringStore): Promise<string> {
  return (await keyring.keys(store)).certificate;
}

/**
 * A certificate for who speaks for the API inside the cluster, as PEM: the caller has said which names that is. `publicKey` is a
 * SubjectPublicKeyInfo. Undefined: it is no key of P-256.
 */
export async function signServer(store: KeyringStore, wish: ServerNames & { publicKey: Uint8Array<ArrayBuffer> }, now: number): Promise<string | undefined> {
  if (!(await isPublicKey(wish.publicKey))) return undefined;
  const authority = await keyring.keys(store);
  const facts = {
    serialNumber: serialNumber(),
    issuer: authorityName,
    subject: serverName,
    notBefore: now - backdateMs,
    notAfter: now + longestMs,
    publicKey: wish.publicKey,
    extensions: serverExtensions(wish, await keyIdOf(pointOf(authority.privateKey))),
  };
  const signingKey = await signingKeyOf(authority);
  return await writeCertificate(facts, (bytes) => crypto.subtle.sign(algorithm, signingKey, bytes));
}

async function isPublicKey(publicKey: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return await crypto.subtle.importKey("spki", publicKey, algorithm, false, ["verify"]).then(() => true, () => false);
}

function signingKeyOf(authority: Authority): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", authority.privateKey as JsonWebKey, algorithm, false, ["sign"]);
}

/** The public half of a key, as a point without compression. */
function pointOf({ x = "", y = "" }: JWK): Uint8Array {
  return Uint8Array.of(4, ...base64url.decode(x), ...base64url.decode(y));
}

/** Loaded when a request is read: it is large, and a Worker starts often. */
async function loadX509() {
  // x509 looks its classes up through decorators.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(crypto);
  return x509;
}

async function makeAuthority(): Promise<Authority> {
  // Two keys: the algorithm is an asymmetric one.
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const privateKey = (await crypto.subtle.exportKey("jwk", keys.privateKey)) as JWK;
  const now = Date.now();
  const point = pointOf(privateKey);
  const facts = {
    serialNumber: serialNumber(),
    issuer: authorityName,
    subject: authorityName,
    notBefore: now - backdateMs,
    notAfter: now + authorityDays * dayMs,
    publicKey: publicKeyOf(point),
    extensions: authorityExtensions(await keyIdOf(point)),
  };
  return { certificate: await writeCertificate(facts, (bytes) => crypto.subtle.sign(algorithm, keys.privateKey, bytes)), privateKey };
}

const knownNames = new Set<string>(["dns", "ip", "email", "url"]);

async function readRequest(pem: string) {
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(pem);
  if (!(await request.verify())) throw new UnreadableRequest("the request is not signed by its own key");
  const alternativeNames = request.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension);
  const named = (type: string) => (alternativeNames?.names.items ?? []).filter((name) => name.type === type).map(({ value }) => value);
  // Names of other kinds (a directory's, a user's) nobody looks at: they are left out, as upstream.
  const known = (alternativeNames?.names.items ?? []).filter(({ type }) => knownNames.has(type)).map(({ type, value }) => ({ type, value }));
  const facts: RequestFacts = {
    commonNames: request.subjectName.getField("CN"),
    organizations: request.subjectName.getField("O"),
    dnsNames: named("dns"),
    ipAddresses: named("ip"),
    emailAddresses: named("email"),
    uris: named("url"),
  };
  return {
    facts,
    publicKey: request.publicKey,
    subject: request.subject,
    alternativeNames: known.length === 0 ? undefined : new x509.SubjectAlternativeNameExtension(known),
  };
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

function serialNumber(): Uint8Array {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
