/**
 * The local certificate authority and the server's certificate. kubectl sends no bearer token over plain HTTP, so the
 * local API is HTTPS from the start; clients trust this CA through the kubeconfig, agents pin its hash.
 */
import { createHash, webcrypto } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import type { StatePaths } from "./paths.ts";
import { writePrivately } from "./secrets.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 24 * 3600 * 1000;
const caDays = 3650;
/** Renewed at a start that finds less than a third of it left; clients notice nothing, they trust the CA. */
const serverDays = 825;

export interface Certificates {
  caFile: string;
  ca: string;
  cert: string;
  key: string;
}

/** SHA-256 (base64url) of the DER of a PEM certificate: what join tokens carry and agents pin. */
export function caHash(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return createHash("sha256").update(der).digest("base64url");
}

/** Makes what is missing, and a new server certificate when its names changed or it ends soon. */
export async function ensureCertificates(paths: StatePaths, names: string[]): Promise<Certificates> {
  const file = (name: string) => join(paths.secrets, name);
  const wanted = JSON.stringify(names);
  if (!existsSync(file("ca.crt"))) await makeAuthority(file);
  if (!isServerCertificateGood(file, wanted)) await makeServerCertificate(file, names, wanted);
  return {
    caFile: file("ca.crt"),
    ca: readFileSync(file("ca.crt"), "utf8"),
    cert: readFileSync(file("server.crt"), "utf8"),
    key: readFileSync(file("server.key"), "utf8"),
  };
}

function isServerCertificateGood(file: (name: string) => string, names: string): boolean {
  try {
    const { names: had, renewAtMs } = JSON.parse(readFileSync(file("server.json"), "utf8"));
    return had === names && Date.now() < renewAtMs && existsSync(file("server.crt")) && existsSync(file("server.key"));
  } catch {
    return false;
  }
}

/** Loaded only when a certificate is made: it is large, and the supervisor is to stay small. */
async function loadX509() {
  // x509 looks its classes up through decorators.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto);
  return x509;
}

const serialNumber = () => Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString("hex");

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

async function makeAuthority(file: (name: string) => string): Promise<void> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=kedge local CA",
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + caDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writePrivately(file("ca.key"), await privateKeyPem(keys.privateKey));
  writePrivately(file("ca.crt"), `${certificate.toString("pem")}\n`);
}

async function makeServerCertificate(file: (name: string) => string, names: string[], wanted: string): Promise<void> {
  const x509 = await loadX509();
  const ca = new x509.X509Certificate(readFileSync(file("ca.crt"), "utf8"));
  const caKeyDer = x509.PemConverter.decodeFirst(readFileSync(file("ca.key"), "utf8"));
  const signingKey = await webcrypto.subtle.importKey("pkcs8", caKeyDer, algorithm, false, ["sign"]);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: "CN=kedge",
    issuer: ca.subject,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + serverDays * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? "ip" : "dns", value }))),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
    ],
  });
  writePrivately(file("server.key"), await privateKeyPem(keys.privateKey));
  writePrivately(file("server.crt"), `${certificate.toString("pem")}\n`);
  const renewAtMs = Date.now() + (serverDays * dayMs * 2) / 3;
  writePrivately(file("server.json"), JSON.stringify({ names: wanted, renewAtMs }));
}
