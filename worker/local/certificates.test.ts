import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { caHash, ensureCertificates } from "./certificates.ts";
import { makeStateFolders, type StatePaths, statePaths } from "./paths.ts";

let paths: StatePaths;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-certificates-"));
  paths = statePaths(join(folder, "state"));
  makeStateFolders(paths);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = ["localhost", "127.0.0.1"];

describe("ensureCertificates", () => {
  it("makes a server certificate for the names, signed by the local CA", async () => {
    const { ca, cert } = await ensureCertificates(paths, names);
    const server = new X509Certificate(cert);
    expect(server.verify(new X509Certificate(ca).publicKey)).toBe(true);
    expect(server.checkHost("localhost")).toBe("localhost");
    expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(server.checkIP("192.0.2.1")).toBeUndefined();
    expect(server.ca).toBe(false);
  });

  it("keeps both while they are good", async () => {
    expect(await ensureCertificates(paths, names)).toEqual(await ensureCertificates(paths, names));
  });

  it("makes another server certificate for other names, and keeps the CA", async () => {
    const before = await ensureCertificates(paths, names);
    const after = await ensureCertificates(paths, [...names, "192.0.2.1"]);
    expect(after.ca).toBe(before.ca);
    expect(new X509Certificate(after.cert).checkIP("192.0.2.1")).toBe("192.0.2.1");
  });

  it("names the CA by a hash of its DER, as join tokens carry it", async () => {
    const { caFile } = await ensureCertificates(paths, names);
    const pem = readFileSync(caFile, "utf8");
    expect(caHash(pem)).toBe(Buffer.from(new X509Certificate(pem).fingerprint256.replaceAll(":", ""), "hex").toString("base64url"));
  });
});
