import { exportJWK, generateKeyPair, SignJWT, type GenerateKeyPairResult } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { TokenVerifier } from "./tokens.ts";

/** SHA-256 of `right`. */
const adminHash = "27042f4e6eca7d0b2a7ee4026df2ecfa51d3339e6d122aa099118ecd8563bad9";
const clusterUid = "cluster-1";
let keys: GenerateKeyPairResult;
let publicKey: string;

beforeAll(async () => {
  keys = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  publicKey = (await exportJWK(keys.publicKey)).x ?? "";
});

/** Knows the agent of n1 and nothing else. */
const identityOf = (node: string) => Promise.resolve(node === "n1" ? { publicKey, clusterUid } : undefined);

interface Claims {
  node?: string;
  audience?: string;
  lifeSeconds?: number;
  session?: unknown;
  key?: CryptoKey;
}

async function tokenOf({ node = "n1", audience = clusterUid, lifeSeconds = 60, session = 3, key }: Claims = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const token = new SignJWT({ session }).setProtectedHeader({ alg: "EdDSA", kid: node }).setSubject(node).setAudience(audience);
  return await token.setIssuedAt(now).setExpirationTime(now + lifeSeconds).sign(key ?? keys.privateKey);
}

const verify = (token: string) => new TokenVerifier().verify(token, adminHash, identityOf);

describe("the admin's token", () => {
  test("is known by its hash", async () => {
    expect(await verify("right")).toMatchObject({ name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] });
    expect(await verify("wrong")).toBeUndefined();
  });

  test("is wrong at once after it was rotated", async () => {
    const verifier = new TokenVerifier();
    expect(await verifier.verify("right", adminHash, identityOf)).toBeDefined();
    expect(await verifier.verify("right", "0".repeat(64), identityOf)).toBeUndefined();
  });
});

describe("an agent's token", () => {
  test("says which node it speaks for, and in which session", async () => {
    expect(await verify(await tokenOf())).toEqual({
      name: "system:node:n1",
      groups: ["system:nodes", "system:authenticated"],
      node: "n1",
      session: 3,
    });
  });

  test.each<[string, Claims]>([
    ["of a node that has no agent here", { node: "n2" }],
    ["of another cluster", { audience: "cluster-2" }],
    ["that is over", { lifeSeconds: -120 }],
    ["that lasts too long", { lifeSeconds: 3600 }],
    ["without a session", { session: "x" }],
  ])("%s is nobody's", async (_what, claims) => {
    expect(await verify(await tokenOf(claims))).toBeUndefined();
  });

  test("signed with another key is nobody's", async () => {
    const other = await generateKeyPair("EdDSA", { crv: "Ed25519" });
    expect(await verify(await tokenOf({ key: other.privateKey }))).toBeUndefined();
  });

  test("that is not signed, or signed in another way, is nobody's", async () => {
    const part = (value: object) => btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const claims = { sub: "n1", aud: clusterUid, exp: Math.floor(Date.now() / 1000) + 60, session: 3 };
    expect(await verify(`${part({ alg: "none" })}.${part(claims)}.`)).toBeUndefined();
    const secret = new TextEncoder().encode(publicKey);
    const symmetric = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret);
    expect(await verify(symmetric)).toBeUndefined();
  });
});
