/**
 * X.509 certificates of the profiles that the cluster makes for itself (RFC 5280): its authority, and servers that speak
 * for its API. Written by hand, because the library that reads other people's requests costs a Worker 50 ms and 4 MB to
 * load, and these are made whenever a cluster begins and a node joins. ECDSA on P-256 with SHA-256.
 */
import { bits, explicit, implicit, integer, isTrue, joined, objectIdentifier, octets, printable, sequence, setOf, time, type Der } from "./der.ts";

export interface CertificateFacts {
  serialNumber: Uint8Array;
  issuer: string;
  subject: string;
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
  /** SubjectPublicKeyInfo. */
  publicKey: Uint8Array;
  extensions: readonly Der[];
}

const ecdsaWithSha256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
const commonName = objectIdentifier("2.5.4.3");
const id = { subjectKey: "2.5.29.14", keyUsage: "2.5.29.15", alternativeName: "2.5.29.17", constraints: "2.5.29.19", authorityKey: "2.5.29.35", extendedUsage: "2.5.29.37" };
const serverAuth = objectIdentifier("1.3.6.1.5.5.7.3.1");
const version3 = explicit(0, integer(Uint8Array.of(2)));

/** In PEM. `sign` signs with the issuer's key: two numbers of 32 bytes, as Web Crypto gives them. */
export async function writeCertificate(facts: CertificateFacts, sign: (bytes: Der) => Promise<ArrayBuffer>): Promise<string> {
  const { serialNumber, issuer, subject, notBefore, notAfter, publicKey, extensions } = facts;
  const validity = sequence(time(notBefore), time(notAfter));
  const names = [nameOf(issuer), validity, nameOf(subject)];
  const body = sequence(version3, integer(serialNumber), ecdsaWithSha256, ...names, publicKey, explicit(3, sequence(...extensions)));
  const signature = new Uint8Array(await sign(body));
  return pemOf(sequence(body, ecdsaWithSha256, bits(signatureOf(signature))));
}

/** `CN=…`, and nothing else. */
const nameOf = (name: string): Der => sequence(setOf(sequence(commonName, printable(name))));

const signatureOf = (bytes: Uint8Array): Der => sequence(integer(bytes.subarray(0, 32)), integer(bytes.subarray(32)));

function pemOf(der: Der): string {
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

const extension = (identifier: string, value: Der): Der => sequence(objectIdentifier(identifier), octets(value));
const critical = (identifier: string, value: Der): Der => sequence(objectIdentifier(identifier), isTrue, octets(value));

/** What an authority's certificate says of itself. */
export function authorityExtensions(keyId: Uint8Array): Der[] {
  const digitalSignatureAndCertSign = bits(Uint8Array.of(0b1000_0100), 2);
  return [critical(id.constraints, sequence(isTrue)), critical(id.keyUsage, digitalSignatureAndCertSign), extension(id.subjectKey, octets(keyId))];
}

export interface ServerNames {
  dnsNames: readonly string[];
  /** IPv4. */
  ipAddresses: readonly string[];
}

/** What the certificate of a server with these names says. */
export function serverExtensions({ dnsNames, ipAddresses }: ServerNames, issuerKeyId: Uint8Array): Der[] {
  const names = dnsNames.map((name) => implicit(2, new TextEncoder().encode(name)));
  const addresses = ipAddresses.map((address) => implicit(7, Uint8Array.from(address.split(".").map(Number))));
  return [
    critical(id.constraints, sequence()),
    critical(id.keyUsage, bits(Uint8Array.of(0b1000_0000), 7)),
    extension(id.extendedUsage, sequence(serverAuth)),
    extension(id.alternativeName, sequence(...names, ...addresses)),
    extension(id.authorityKey, sequence(implicit(0, issuerKeyId))),
  ];
}

const p256Header = sequence(objectIdentifier("1.2.840.10045.2.1"), objectIdentifier("1.2.840.10045.3.1.7"));

/** SubjectPublicKeyInfo of a point on P-256 (`04 x y`). */
export const publicKeyOf = (point: Uint8Array): Der => sequence(p256Header, bits(point));

/** RFC 5280, 4.2.1.2, its first method. */
export async function keyIdOf(point: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", joined([point])));
}
