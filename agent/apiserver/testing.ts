/** For tests: a key and certificate for 127.0.0.1, which is its own authority, and a client that trusts it. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { request as httpsRequest } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { text } from "node:stream/consumers";
import * as x509 from "@peculiar/x509";
import type { KeyPair } from "./serving-certificate.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hourMs = 3_600_000;

export async function testKeyPair(validity = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) }): Promise<KeyPair> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({ name: "CN=test", keys, signingAlgorithm: algorithm, ...validity, extensions: [new x509.BasicConstraintsExtension(true), names] });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return { privateKey: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, certificate: certificate.toString("pem") };
}

export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port; // it listens on TCP
}

export interface Asking {
  port: number;
  ca: string;
  path?: string;
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

/** The answer as soon as its headers are there. */
export function open({ port, ca, path = "/", method = "GET", headers = {}, body }: Asking): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest({ host: "127.0.0.1", port, ca, path, method, headers, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

export async function ask(asking: Asking): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const response = await open(asking);
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}
