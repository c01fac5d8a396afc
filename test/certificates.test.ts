/** The certificates that the cluster makes for itself, as other people's programs read them: OpenSSL, and Node's TLS. */
import { createPublicKey, webcrypto, X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authorityExtensions, keyIdOf, publicKeyOf, serverExtensions, writeCertificate } from "../worker/identity/certificates/certificate.ts";

describe("certificates", () => {
  const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
  const folder = mkdtempSync(join(tmpdir(), "kedge-certificate-"));
  const files = { authority: join(folder, "ca.crt"), server: join(folder, "server.crt") };
  const names = { dnsNames: ["kubernetes", "kubernetes.default.svc"], ipAddresses: ["10.96.0.1", "10.96.0.10"] };
  let authority: X509Certificate;
  let server: X509Certificate;
  let point: Uint8Array;

  beforeAll(async () => {
    const newKeys = () => webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const [ours, theirs] = [await newKeys(), await newKeys()];
    const sign = (bytes: Uint8Array<ArrayBuffer>) => webcrypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, ours.privateKey, bytes);
    point = new Uint8Array(await webcrypto.subtle.exportKey("raw", ours.publicKey));
    const keyId = await keyIdOf(point);
    const own = { serialNumber: Uint8Array.of(1), issuer: "kubernetes", subject: "kubernetes", publicKey: publicKeyOf(point), extensions: authorityExtensions(keyId) };
    const publicKey = new Uint8Array(await webcrypto.subtle.exportKey("spki", theirs.publicKey));
    const other = { serialNumber: Uint8Array.of(0x7f, 2), issuer: "kubernetes", subject: "kube-apiserver", publicKey, extensions: serverExtensions(names, keyId) };
    writeFileSync(files.authority, await writeCertificate({ ...own, ...validity }, sign));
    writeFileSync(files.server, await writeCertificate({ ...other, ...validity }, sign));
    const read = (file: string) => new X509Certificate(execFileSync("openssl", ["x509", "-in", file]));
    [authority, server] = [read(files.authority), read(files.server)];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are what OpenSSL takes, also where it is strict as Python's clients are", () => {
    const args = ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "kubernetes.default.svc", "-CAfile", files.authority, files.server];
    expect(execFileSync("openssl", args, { encoding: "utf8" })).toContain(": OK");
  });

  it("are signed by the authority, which is one, and are none", () => {
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(server.checkIssued(authority)).toBe(true);
    expect([authority.ca, server.ca]).toEqual([true, false]);
    expect(authority.publicKey.equals(createPublicKey({ key: Buffer.from(publicKeyOf(point)), format: "der", type: "spki" }))).toBe(true);
  });

  it.each([
    ["kubernetes", true],
    ["kubernetes.default.svc", true],
    ["kubernetes.default", false],
  ])("hold the names that they were given: %s", (name, isHeld) => expect(server.checkHost(name) === name).toBe(isHeld));

  it.each([
    ["10.96.0.1", true],
    ["10.96.0.10", true],
    ["10.96.0.2", false],
  ])("hold the addresses that they were given: %s", (address, isHeld) => expect(server.checkIP(address) === address).toBe(isHeld));

  it("hold their serial number and time", () => {
    expect(server.serialNumber).toBe("7F02");
    expect(Math.abs(server.validToDate.getTime() - validity.notAfter)).toBeLessThan(1000);
    expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });
});
