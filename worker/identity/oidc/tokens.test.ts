import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { ConfigurationError, oidcIssuersOf } from "./configuration.ts";
import { OidcTokens } from "./tokens.ts";

const url = "https://issuer.example";
const entry = (more: object = {}) => ({
  issuer: { url, audiences: ["kedge"] },
  claimMappings: { username: { claim: "sub", prefix: "oidc:" }, groups: { claim: "groups", prefix: "oidc:" }, uid: { claim: "oid" } },
  claimValidationRules: [{ claim: "tenant", requiredValue: "ours" }],
  ...more,
});

async function keyOf(kid: string) {
  const pair = await generateKeyPair("ES256", { extractable: true });
  return { kid, privateKey: pair.privateKey, publicKey: { ...(await exportJWK(pair.publicKey)), kid, alg: "ES256" } };
}

type Key = Awaited<ReturnType<typeof keyOf>>;

async function tokenOf(key: Key, claims: object = {}, audience = "kedge"): Promise<string> {
  const own = { tenant: "ours", groups: ["devs"], oid: "42", ...claims };
  return await new SignJWT(own).setProtectedHeader({ alg: "ES256", kid: key.kid }).setIssuer(url).setSubject("ann").setAudience(audience).setExpirationTime("1h").sign(key.privateKey);
}

let now: number;
let asked: string[];
let published: JSONWebKeySet | undefined;
let tokens: OidcTokens;
let key: Key;

beforeEach(async () => {
  now = Date.now();
  asked = [];
  key = await keyOf("one");
  published = { keys: [key.publicKey] };
  tokens = new OidcTokens(oidcIssuersOf(JSON.stringify([entry()])), {
    fetchJson: (from) => {
      asked.push(from);
      if (published === undefined) return Promise.reject(new Error("no answer"));
      return Promise.resolve(from.endsWith("/keys") ? published : { issuer: url, jwks_uri: `${url}/keys` });
    },
    now: () => now,
    random: () => 1,
  });
});

const verify = async (token: string) => await tokens.verify(token, url);

describe("a token of a configured issuer", () => {
  test("makes a user by the issuer's mappings; its keys are asked for once", async () => {
    const user = { name: "oidc:ann", uid: "42", groups: ["oidc:devs", "system:authenticated"] };
    expect(await verify(await tokenOf(key))).toEqual({ user });
    expect(await verify(await tokenOf(key, { groups: "devs" }))).toEqual({ user });
    expect(asked).toEqual([`${url}/.well-known/openid-configuration`, `${url}/keys`]);
  });

  test.each<[string, () => Promise<string>, string]>([
    ["for somebody else", () => tokenOf(key, {}, "another"), 'unexpected "aud" claim value'],
    ["without a claim that is required", () => tokenOf(key, { tenant: "theirs" }), "required claim tenant value does not match"],
    ["whose groups are not all names", () => tokenOf(key, { groups: ["devs", 7] }), "must be a string or a list of strings"],
    ["signed by somebody else", async () => tokenOf({ ...(await keyOf("one")), kid: "one" }), "signature verification failed"],
  ])("%s is not believed", async (_what, make, why) => {
    expect(await verify(await make())).toEqual({ why: expect.stringContaining(why) });
  });

  test("is never one of the cluster's own", async () => {
    const claimMappings = { username: { claim: "sub", prefix: "" }, groups: { claim: "groups", prefix: "" } };
    tokens = new OidcTokens(oidcIssuersOf(JSON.stringify([entry({ claimMappings, issuer: { url, audiences: ["kedge"], keys: [key.publicKey] } })])), { fetchJson: () => Promise.reject(new Error("not asked")), now: () => now, random: () => 1 });
    expect(await verify(await tokenOf(key))).toMatchObject({ user: { name: "ann", groups: ["devs", "system:authenticated"] } });
    expect(await verify(await tokenOf(key, { groups: ["system:masters"] }))).toEqual({ why: expect.stringContaining("reserved") });
  });

  test("is believed under a new key at once, which strangers cannot ask for without end", async () => {
    await verify(await tokenOf(key));
    const next = await keyOf("two");
    published = { keys: [key.publicKey, next.publicKey] };
    now += 10_000;
    expect(await verify(await tokenOf(next))).toMatchObject({ user: { name: "oidc:ann" } });
    const questions = asked.length;
    for (let count = 0; count < 5; count++) await verify(await tokenOf(await keyOf(`made-up-${count}`)));
    expect(asked.length).toBe(questions);
  });

  test("waits for its issuer with a back-off, and is believed while that is away later on", async () => {
    published = undefined;
    expect(await verify(await tokenOf(key))).toEqual({ why: "oidc: authenticator not initialized" });
    await verify(await tokenOf(key));
    expect(asked).toHaveLength(1);
    published = { keys: [key.publicKey] };
    now += 1_000;
    expect(await verify(await tokenOf(key))).toHaveProperty("user");
    published = undefined;
    now += 20 * 60_000;
    expect(await verify(await tokenOf(key))).toHaveProperty("user");
  });

  test("is not believed when its e-mail address was not verified", async () => {
    const claimMappings = { username: { claim: "email" } };
    tokens = new OidcTokens(oidcIssuersOf(JSON.stringify([entry({ claimMappings, issuer: { url, audiences: ["kedge"], keys: [key.publicKey] } })])), { fetchJson: () => Promise.reject(new Error("not asked")), now: () => now, random: () => 1 });
    expect(await verify(await tokenOf(key, { email: "ann@example.com", email_verified: true }))).toMatchObject({ user: { name: "ann@example.com" } });
    expect(await verify(await tokenOf(key, { email: "ann@example.com", email_verified: false }))).toEqual({ why: "oidc: email not verified" });
  });
});

describe("the configuration", () => {
  test("may be a whole AuthenticationConfiguration in YAML", () => {
    const text = `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt:\n- issuer:\n    url: ${url}\n    audiences: [kedge]\n  claimMappings:\n    username:\n      claim: sub\n`;
    expect(oidcIssuersOf(text)).toMatchObject([{ url, username: { claim: "sub", prefix: `${url}#` }, required: [] }]);
    expect(oidcIssuersOf("")).toEqual([]);
  });

  test.each<[string, object, string]>([
    ["an issuer in the clear", entry({ issuer: { url: "http://issuer.example", audiences: ["a"] } }), "URL scheme must be https"],
    ["no audience", entry({ issuer: { url, audiences: [] } }), "at least one audience"],
    ["no username", entry({ claimMappings: {} }), "jwt[0].claimMappings.username: Required value"],
    ["an expression", entry({ claimMappings: { username: { expression: "claims.sub" } } }), "jwt[0].claimMappings.username.expression: is not supported"],
    ["a certificate authority", entry({ issuer: { url, audiences: ["a"], certificateAuthority: "PEM" } }), "issuer.certificateAuthority: is not supported"],
  ])("is refused with %s", (_what, one, why) => {
    expect(() => oidcIssuersOf(JSON.stringify([one]))).toThrow(ConfigurationError);
    expect(() => oidcIssuersOf(JSON.stringify([one]))).toThrow(why);
  });
});
