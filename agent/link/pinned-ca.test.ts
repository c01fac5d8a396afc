import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import * as x509 from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, ApiError } from "./api.ts";
import { certificateHash, fetchPinnedCa } from "./pinned-ca.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };

let server: Server;
let url: string;
let caHash: string;

beforeAll(async () => {
  x509.cryptoProvider.set(webcrypto);
  const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({ name: "CN=test CA", keys: caKeys, signingAlgorithm: algorithm, ...dates, extensions: [new x509.BasicConstraintsExtension(true)] });
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]);
  const leaf = await x509.X509CertificateGenerator.create({ subject: "CN=server", issuer: ca.subject, publicKey: keys.publicKey, signingKey: caKeys.privateKey, signingAlgorithm: algorithm, ...dates, extensions: [names] });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  caHash = certificateHash(Buffer.from(ca.rawData));
  server = createServer({ cert: `${leaf.toString("pem")}\n${ca.toString("pem")}`, key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----` }, (request, response) => {
    const isKnown = request.headers.authorization === "Bearer good";
    response.writeHead(isKnown ? 200 : 401, { "Content-Type": "application/json" });
    response.end(JSON.stringify(isKnown ? { ok: true } : { reason: "Unauthorized", message: "who are you?" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("fetchPinnedCa", () => {
  it("finds the CA by its hash, and that CA makes the server trusted", async () => {
    const ca = await fetchPinnedCa(new URL(url), caHash);
    const api = new Api({ server: url, ca, token: () => "good" });
    expect(await api.post("/", {}, { timeoutMs: 5000 })).toEqual({ ok: true });
    api.close();
  });
  it("refuses a server whose CA is another one", async () => {
    await expect(fetchPinnedCa(new URL(url), certificateHash(Buffer.from("another")))).rejects.toThrow("is not the server that the join token was made for");
  });
});

describe("Api", () => {
  it("does not talk to a server whose CA it does not know", async () => {
    const api = new Api({ server: url, token: () => "good" });
    await expect(api.post("/", {}, { timeoutMs: 5000 })).rejects.toThrow(/certificate/);
    api.close();
  });
  it("tells a refusal in the server's words", async () => {
    const api = new Api({ server: url, ca: await fetchPinnedCa(new URL(url), caHash), token: () => "bad" });
    await expect(api.post("/", {}, { timeoutMs: 5000 })).rejects.toThrow(new ApiError(401, "Unauthorized", "who are you?"));
    api.close();
  });
  it("sends no token in the clear over a network", () => {
    expect(() => new Api({ server: "http://example.com", token: () => "good" })).toThrow("--server must be an https URL");
  });
});
