/** Service accounts' tokens through the whole Worker: made, believed, reviewed, and no longer believed. */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { env, SELF } from "cloudflare:test";
import { FakeAgent, type Fetch } from "../fake-agent/fake-agent.ts";
import type { Store } from "../../../worker/storage/store.ts";
import { call, namespace, prepare } from "./api.ts";

interface TokenRequest {
  spec: { audiences: string[]; expirationSeconds: number; boundObjectRef?: { kind: string; apiVersion: string; name: string; uid?: string } };
  status: { token: string; expirationTimestamp: string };
}

interface TokenReview {
  status: { authenticated?: boolean; user: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> }; audiences?: string[]; error?: string };
}

let ns: string;
let accountUid: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("tokens");
  accountUid = (await account("robot")).uid;
});

async function account(name: string): Promise<{ uid: string }> {
  const { body } = await call("POST", `${ns}/serviceaccounts`, { body: { metadata: { name } } });
  return { uid: body.metadata.uid };
}

const ask = (spec: object, name = "robot") => call<TokenRequest>("POST", `${ns}/serviceaccounts/${name}/token`, { body: { spec } });
const tokenOf = async (spec: object = {}, name = "robot") => (await ask(spec, name)).body.status.token;

async function review(token: string, audiences?: string[]) {
  const { body } = await call<TokenReview>("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body: { spec: { token, audiences } } });
  return body.status;
}

const pod = (name: string, serviceAccountName = "robot") => ({ metadata: { name }, spec: { serviceAccountName, containers: [{ name: "c", image: "example:1" }] } });

describe("a token request", () => {
  test("is answered with a token that says for whom, by whom, for whom to read, and how long", async () => {
    const { status, body } = await ask({});
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata: { name: "robot", namespace: "tokens" }, spec: { expirationSeconds: 3600 } });
    const claims = decodeJwt(body.status.token);
    expect(claims).toMatchObject({
      iss: "https://cluster",
      sub: "system:serviceaccount:tokens:robot",
      aud: ["https://cluster", "https://kubernetes.default.svc.cluster.local"],
      "kubernetes.io": { namespace: "tokens", serviceaccount: { name: "robot", uid: accountUid } },
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
    expect(claims.nbf).toBe(claims.iat);
    expect(claims.jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.parse(body.status.expirationTimestamp)).toBe((claims.exp ?? 0) * 1000);
  });

  test("is for as long and for whom it asks", async () => {
    const { body } = await ask({ audiences: ["vault"], expirationSeconds: 600 });
    expect(body.spec).toMatchObject({ audiences: ["vault"], expirationSeconds: 600 });
    expect(decodeJwt(body.status.token)).toMatchObject({ aud: ["vault"] });
  });

  test.each([
    ["less than ten minutes", 599, "may not specify a duration less than 10 minutes"],
    ["more than 2^32 seconds", 2 ** 32 + 1, "may not specify a duration larger than 2^32 seconds"],
  ])("for %s is refused", async (_what, expirationSeconds, why) => {
    const { status, body } = await call("POST", `${ns}/serviceaccounts/robot/token`, { body: { spec: { expirationSeconds } } });
    expect([status, body.reason]).toEqual([422, "Invalid"]);
    expect(body.message).toContain(`spec.expirationSeconds: Invalid value: ${expirationSeconds}: ${why}`);
  });

  test("for longer than a year gets a year, and a warning", async () => {
    const { body, headers } = await ask({ expirationSeconds: 2 ** 31 });
    expect(body.spec.expirationSeconds).toBe(365 * 24 * 3600);
    expect(headers.get("warning")).toContain("requested expiration of 2147483648 seconds shortened to 31536000 seconds");
  });

  test("for an account that is not there is not found", async () => {
    const { status, body } = await call("POST", `${ns}/serviceaccounts/nobody/token`, { body: { spec: {} } });
    expect([status, body.message]).toEqual([404, 'serviceaccounts "nobody" not found']);
  });

  test("in another account's name is refused", async () => {
    const { status, body } = await call("POST", `${ns}/serviceaccounts/robot/token`, { body: { metadata: { name: "other" }, spec: {} } });
    expect([status, body.message]).toEqual([422, 'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified']);
  });

  test.each<[string, object, number, string]>([
    ["a kind that cannot be bound", { kind: "ConfigMap", apiVersion: "v1", name: "x" }, 400, "cannot bind token to object of type v1, Kind=ConfigMap"],
    ["a pod that is not there", { kind: "Pod", apiVersion: "v1", name: "x" }, 404, 'pods "x" not found'],
    ["a node that is not there", { kind: "Node", apiVersion: "v1", name: "x" }, 404, 'nodes "x" not found'],
  ])("bound to %s is refused", async (_what, boundObjectRef, code, message) => {
    const { status, body } = await call("POST", `${ns}/serviceaccounts/robot/token`, { body: { spec: { boundObjectRef } } });
    expect([status, body.message]).toEqual([code, message]);
  });

  test("bound to another account's pod, or to an earlier pod of the name, is refused", async () => {
    await account("third");
    await call("POST", `${ns}/pods`, { body: pod("of-third", "third") });
    const other = await call("POST", `${ns}/serviceaccounts/robot/token`, { body: { spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "of-third" } } } });
    expect([other.status, other.body.message]).toEqual([400, 'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.']);
    const earlier = await call("POST", `${ns}/serviceaccounts/third/token`, { body: { spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "of-third", uid: "earlier" } } } });
    expect(earlier.status).toBe(409);
    expect(earlier.body.message).toContain("does not match the UID in record");
  });
});

describe("a token", () => {
  test("makes its bearer the service account, who may do what it may", async () => {
    const { status, body } = await call("GET", `${ns}/secrets`, { token: await tokenOf() });
    expect([status, body.message]).toEqual([403, 'secrets is forbidden: User "system:serviceaccount:tokens:robot" cannot list resource "secrets" in API group "" in the namespace "tokens"']);
  });

  test.each<[string, () => Promise<string>]>([
    ["for somebody else", () => tokenOf({ audiences: ["vault"] })],
    ["that was changed", async () => `${(await tokenOf()).slice(0, -8)}AAAAAAAA`],
    ["that says another algorithm", async () => [btoa('{"alg":"none"}').replaceAll("=", ""), (await tokenOf()).split(".")[1], ""].join(".")],
  ])("%s is unauthorized", async (_what, make) => {
    const { status, body, headers } = await call("GET", `${ns}/secrets`, { token: await make() });
    expect([status, body.reason, body.message]).toEqual([401, "Unauthorized", "Unauthorized"]);
    expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test("ends with its service account, also when another one takes the name", async () => {
    await account("short-lived");
    const token = await tokenOf({}, "short-lived");
    await call("DELETE", `${ns}/serviceaccounts/short-lived`);
    expect(await review(token)).toMatchObject({ error: '[invalid bearer token, serviceaccounts "short-lived" not found]' });
    await account("short-lived");
    const status = await review(token);
    expect(status.authenticated).toBeUndefined();
    expect(status.error).toContain("does not match claim");
  });

  test("ends with the pod that it is bound to, and tells of it", async () => {
    const made = await call("POST", `${ns}/pods`, { body: pod("bound") });
    const token = await tokenOf({ boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "bound", uid: made.body.metadata.uid } });
    await call("DELETE", `${ns}/pods/bound`);
    const status = await review(token);
    expect(status.error).toContain("service account token has been invalidated");
  });
});

describe("a token review", () => {
  test("tells user, uid, groups, pod and for whom the token is", async () => {
    const made = await call("POST", `${ns}/pods`, { body: pod("reviewed") });
    const { uid } = made.body.metadata;
    const status = await review(await tokenOf({ boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "reviewed" } }));
    expect(status).toMatchObject({
      authenticated: true,
      user: {
        username: "system:serviceaccount:tokens:robot",
        uid: accountUid,
        groups: ["system:serviceaccounts", "system:serviceaccounts:tokens", "system:authenticated"],
        extra: { "authentication.kubernetes.io/pod-name": ["reviewed"], "authentication.kubernetes.io/pod-uid": [uid] },
      },
    });
    expect(status.user.extra?.["authentication.kubernetes.io/credential-id"]?.[0]).toMatch(/^JTI=/);
  });

  test("asks for an audience, and answers with those that the token has", async () => {
    const token = await tokenOf({ audiences: ["vault", "bank"] });
    expect(await review(token, ["vault", "shop"])).toMatchObject({ authenticated: true, audiences: ["vault"] });
    expect((await review(token)).error).toContain('token audiences ["vault" "bank"] is invalid for the target audiences');
  });

  test("knows the admin, and nobody else", async () => {
    expect(await review("test-admin-token")).toMatchObject({ authenticated: true, user: { username: "kubernetes-admin" } });
    expect(await review("made-up")).toEqual({ user: {}, error: "invalid bearer token" });
    expect(await review("test-admin-token", ["vault"])).toEqual({ user: {}, error: "invalid bearer token" });
  });

  test("needs a token, and is nothing that is kept", async () => {
    const path = "/apis/authentication.k8s.io/v1/tokenreviews";
    const { status, body } = await call("POST", path, { body: { spec: {} } });
    expect([status, body.message]).toEqual([400, "token is required for TokenReview in authentication"]);
    expect((await call("GET", path)).status).toBe(405);
  });
});

describe("others who want to believe a token", () => {
  test("find the issuer and its keys without being known", async () => {
    const { status, body } = await call<Record<string, unknown>>("GET", "/.well-known/openid-configuration", { token: "" });
    expect(status).toBe(200);
    expect(body).toEqual({
      issuer: "https://cluster",
      jwks_uri: "https://cluster/openid/v1/jwks",
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    });
    const keys = await call("GET", "/openid/v1/jwks", { token: "" });
    expect(keys.headers.get("content-type")).toBe("application/jwk-set+json");
    const set = JSON.parse(keys.text) as JSONWebKeySet;
    const token = await tokenOf({ audiences: ["cloud"] });
    const { payload } = await jwtVerify(token, createLocalJWKSet(set), { issuer: "https://cluster", audience: "cloud" });
    expect(payload.sub).toBe("system:serviceaccount:tokens:robot");
    expect(keys.text).not.toContain('"d"');
  });
});

describe("the keys that sign", () => {
  const store = () => env.STORE.getByName("store") as unknown as Store;
  const kidOf = (token: string) => decodeProtectedHeader(token).kid;

  test("are sealed at rest, and no part of the API", async () => {
    await tokenOf();
    expect((await store().get("_keys//service-account"))?.text).toContain('"d":');
    const rows = await env.DB.prepare("SELECT key_id, data FROM versions WHERE key = '_keys//service-account'").all<{ key_id: string; data: string }>();
    expect(rows.results.map(({ key_id }) => key_id)).toEqual(["test"]);
    expect(rows.results[0]?.data).not.toContain("privateKey");
    expect((await call("GET", "/api/v1/_keys/service-account")).status).toBe(404);
  });

  test("are replaced by the admin, and what the one before signed stays good until it is revoked", async () => {
    const before = await tokenOf();
    expect((await call("POST", "/kedge/v1/signingkeys", { token: before })).status).toBe(403);
    expect((await call("POST", "/kedge/v1/signingkeys")).status).toBe(201);
    const after = await tokenOf();
    expect(kidOf(after)).not.toBe(kidOf(before));
    expect(await review(before)).toMatchObject({ authenticated: true });
    expect(await review(after)).toMatchObject({ authenticated: true });
    const published = JSON.parse((await call("GET", "/openid/v1/jwks")).text) as JSONWebKeySet;
    expect(published.keys.map(({ kid }) => kid)).toEqual([kidOf(after), kidOf(before)]);
    // The private half of the one before is gone.
    expect((await store().get("_keys//service-account"))?.text.match(/"d":/g)).toHaveLength(1);

    expect((await call("POST", "/kedge/v1/signingkeys?revoke=true")).status).toBe(201);
    const { status } = await call("GET", `${ns}/secrets`, { token: after });
    expect(status).toBe(401);
    expect(await review(await tokenOf())).toMatchObject({ authenticated: true });
  });
});

describe("a pod", () => {
  test("has a volume with a token of its account, and the account's pull secrets, as they are now", async () => {
    await call("POST", `${ns}/serviceaccounts`, { body: { metadata: { name: "puller" }, imagePullSecrets: [{ name: "first" }] } });
    const secretsOf = async (name: string) => (await call("POST", `${ns}/pods`, { body: pod(name, "puller") })).body.spec["imagePullSecrets"];
    expect(await secretsOf("one")).toEqual([{ name: "first" }]);
    // As another isolate would: this one's memory of the account is old then.
    const store = env.STORE.getByName("store") as unknown as Store;
    const current = await store.get("serviceaccounts/tokens/puller");
    const text = current!.text.replace("first", "second");
    const index = { uid: (JSON.parse(text) as { metadata: { uid: string } }).metadata.uid, labels: {}, fields: { "metadata.name": "puller", "metadata.namespace": "tokens" }, terms: [], generation: 0, isDeleting: false, isSettled: true };
    const written = await store.write({ operations: [{ verb: "update", key: current!.key, text, index, expect: { revision: current!.revision } }] });
    expect(written.results[0]?.ok).toBe(true);
    expect(await secretsOf("two")).toEqual([{ name: "second" }]);
  });

  test("of an account that is not there is refused, also when it was there a moment ago", async () => {
    await account("goes");
    expect((await call("POST", `${ns}/pods`, { body: pod("before", "goes") })).status).toBe(201);
    await (env.STORE.getByName("store") as unknown as Store).write({ operations: [{ verb: "delete", key: "serviceaccounts/tokens/goes", expect: {} }] });
    const { status, body } = await call("POST", `${ns}/pods`, { body: pod("after", "goes") });
    expect([status, body.message]).toEqual([403, 'pods "after" is forbidden: error looking up service account tokens/goes: serviceaccount "goes" not found']);
  });

  test("in a namespace that is not there is told so", async () => {
    const { status, body } = await call("POST", "/api/v1/namespaces/nowhere/pods", { body: pod("x", "default") });
    expect([status, body.message]).toEqual([404, 'namespaces "nowhere" not found']);
  });

  test("of a brand-new namespace waits for the account that is being made", async () => {
    const fresh = await namespace("fresh");
    const { status, text } = await call("POST", `${fresh}/pods`, { body: pod("first", "") });
    expect([status, text]).toEqual([201, expect.stringContaining("kube-api-access-")]);
  });
});

describe("a node", () => {
  const fetch: Fetch = (url, init) => SELF.fetch(url, init);
  let token: string;
  let uids: Record<string, string>;

  beforeAll(async () => {
    const agent = await FakeAgent.join(fetch, "token-node");
    token = await agent.token();
    const onNode = (name: string, nodeName: string) => call("POST", `${ns}/pods`, { body: { ...pod(name), spec: { ...pod(name).spec, nodeName } } });
    const made = [await onNode("mine", "token-node"), await onNode("others", "elsewhere")];
    uids = Object.fromEntries(made.map(({ body }) => [body.metadata.name, body.metadata.uid]));
  });

  const askAs = (spec: object) => call<TokenRequest & { message?: string }>("POST", `${ns}/serviceaccounts/robot/token`, { body: { spec }, token });
  const boundTo = (name: string, uid = uids[name]) => ({ boundObjectRef: { kind: "Pod", apiVersion: "v1", name, ...(uid === "" ? {} : { uid }) } });

  test("gets the tokens of its own pods, which say where the pod is", async () => {
    const { status, body } = await askAs(boundTo("mine"));
    expect(status).toBe(201);
    expect(decodeJwt(body.status.token)["kubernetes.io"]).toMatchObject({ pod: { name: "mine", uid: uids["mine"] }, node: { name: "token-node" } });
    expect((await review(body.status.token)).user.extra).toMatchObject({ "authentication.kubernetes.io/node-name": ["token-node"] });
  });

  test.each<[string, () => object, string]>([
    ["that is bound to no pod", () => ({}), "node requested token not bound to a pod"],
    ["of a pod without its uid", () => boundTo("mine", ""), "node requested token with a pod binding without a uid"],
    ["of another node's pod", () => boundTo("others"), "node requested token bound to a pod scheduled on a different node"],
    ["for an audience that the pod does not name", () => ({ ...boundTo("mine"), audiences: ["vault"] }), 'audience "vault" not found in pod spec volume'],
  ])("gets no token %s", async (_what, spec, why) => {
    const { status, body } = await askAs(spec());
    expect(status).toBe(403);
    expect(body.message).toContain(why);
  });
});
