import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKey, publicKeyOf, readIdentity, TokenSigner, writeIdentity, type Identity } from "./identity.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "kedge-identity-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

export function testIdentity(): Identity {
  return {
    ...{ server: "https://127.0.0.1:1", clusterUid: "cluster", nodeName: "node-1", session: 4, privateKey: createKey() },
    ...{ podCidr: "10.1.0.0/24", clusterCidr: "10.1.0.0/16", serviceCidr: "10.2.0.0/16", dnsAddress: "10.2.0.10", clusterDomain: "cluster.local" },
  };
}

describe("an identity", () => {
  it("is there again after a restart, in a file that only its owner reads", () => {
    const identity = testIdentity();
    const path = join(folder, "agent", "identity.json");
    writeIdentity(path, identity);
    expect(readIdentity(path)).toEqual(identity);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
  it("is undefined before the first join", () => expect(readIdentity(join(folder, "none"))).toBeUndefined());
});

describe("TokenSigner", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");
  const decode = (token: string) => {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const part = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString());
    return { header: part(header), payload: part(payload), signed: Buffer.from(`${header}.${payload}`), signature: Buffer.from(signature, "base64url") };
  };

  it("signs with the node's key, for this cluster and session, for less than a minute", () => {
    const identity = testIdentity();
    const { header, payload, signed, signature } = decode(new TokenSigner(identity).token(nowMs));
    expect(header).toEqual({ alg: "EdDSA", typ: "JWT", kid: "node-1" });
    expect(payload).toEqual({ sub: "node-1", aud: "cluster", session: 4, iat: nowMs / 1000, exp: nowMs / 1000 + 55 });
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKeyOf(identity.privateKey) }, format: "jwk" });
    expect(verify(null, signed, key, signature)).toBe(true);
  });
  it("uses a token for a while, and never one that is about to end", () => {
    const signer = new TokenSigner(testIdentity());
    const first = signer.token(nowMs);
    expect(signer.token(nowMs + 29_000)).toBe(first);
    expect(signer.token(nowMs + 30_000)).not.toBe(first);
  });
});
