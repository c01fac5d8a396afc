/** Users from outside the cluster: bootstrap tokens, and ID tokens of an issuer that the cluster is configured with. */
import { createExecutionContext, env } from "cloudflare:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../../worker/http/app.ts";
import { call, namespace, prepare, send } from "./api.ts";

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("users");
});

describe("a bootstrap token", () => {
  const token = "abcdef.0123456789abcdef";
  const stringData = { "token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true" };
  const system = "/api/v1/namespaces/kube-system/secrets";

  test("is somebody's as long as its Secret is there", async () => {
    expect((await call("GET", `${ns}/pods`, { token })).status).toBe(401);
    const made = await call("POST", system, { body: { metadata: { name: "bootstrap-token-abcdef" }, type: "bootstrap.kubernetes.io/token", stringData } });
    expect(made.status).toBe(201);
    const { status, body } = await call("GET", `${ns}/pods`, { token });
    expect([status, body.message]).toEqual([403, expect.stringContaining('User "system:bootstrap:abcdef" cannot list resource "pods"')]);
    await call("DELETE", `${system}/bootstrap-token-abcdef`);
    expect((await call("GET", `${ns}/pods`, { token })).status).toBe(401);
  });
});

describe("a user of an issuer", () => {
  test("may what is granted to the name and the groups of the token, and others of the issuer nothing", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const issuer = { url: "https://login.example", audiences: ["kedge"], keys: [{ ...(await exportJWK(publicKey)), alg: "ES256" }] };
    const claimMappings = { username: { claim: "sub", prefix: "login:" }, groups: { claim: "groups", prefix: "login:" } };
    const configured = { ...env, OIDC_ISSUERS: JSON.stringify({ jwt: [{ issuer, claimMappings }] }) };
    const idToken = (groups: string[], audience = "kedge") =>
      new SignJWT({ groups }).setProtectedHeader({ alg: "ES256" }).setIssuer(issuer.url).setSubject("ann").setAudience(audience).setExpirationTime("5m").sign(privateKey);
    const app = createApp();
    const list = async (token: string) => await app.fetch(new Request(`https://cluster${ns}/configmaps`, { headers: { authorization: `Bearer ${token}` } }), configured, createExecutionContext());

    await call("POST", `/apis/rbac.authorization.k8s.io/v1/namespaces/users/rolebindings`, {
      body: { metadata: { name: "devs" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" }, subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "login:devs" }] },
    });
    expect((await list(await idToken(["devs"]))).status).toBe(200);
    const denied = await list(await idToken(["guests"]));
    expect([denied.status, await denied.text()]).toEqual([403, expect.stringContaining('User \\"login:ann\\" cannot list resource')]);
    expect((await list(await idToken(["devs"], "another"))).status).toBe(401);
    // Without the configuration nobody knows this issuer.
    expect((await send("GET", `${ns}/configmaps`, { token: await idToken(["devs"]) })).status).toBe(401);
  });
});

describe("the encryption of Secrets", () => {
  test("is renewed by the admin alone", async () => {
    await call("POST", `${ns}/secrets`, { body: { metadata: { name: "s" }, stringData: { a: "b" } } });
    const path = "/kedge/v1/encryptionkeys/reseal";
    expect((await call("POST", path, { token: "" })).status).toBe(403);
    expect((await call<Record<string, unknown>>("POST", path)).body).toEqual({ resealed: 0, isDone: true });
  });
});
