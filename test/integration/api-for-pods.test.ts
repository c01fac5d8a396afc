/** What pods find the API by: its Service's endpoints, and a certificate of each agent that the authority in `ca.crt` vouches for. */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { applyD1Migrations, env, SELF } from "cloudflare:test";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { CertificateResponse } from "../../protocol/agent.ts";
import type { ConfigMap, Endpoints, EndpointSlice, Service } from "../../protocol/kubernetes/generated/types.ts";
import { asAdmin, FakeAgent, type Fetch } from "./fake-agent/fake-agent.ts";

const fetch: Fetch = (url, init) => SELF.fetch(url, init);
const read = async <T>(path: string): Promise<T> => (await asAdmin(fetch, path)).json<T>();

let agent: FakeAgent;

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  x509.cryptoProvider.set(crypto);
  agent = await FakeAgent.join(fetch, "pods-api-1");
});

describe("the Service kubernetes", () => {
  const port = { name: "https", port: 6443, protocol: "TCP" };

  test("has the API's port as its target", async () => {
    const { spec } = await read<Service>("/api/v1/namespaces/default/services/kubernetes");
    expect(spec).toMatchObject({ clusterIP: "10.96.0.1", ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }] });
  });

  test("has the endpoint that each node's agent answers at, as Endpoints and as a slice, and no second slice", async () => {
    const endpoints = await read<Endpoints>("/api/v1/namespaces/default/endpoints/kubernetes");
    expect(endpoints.subsets).toEqual([{ addresses: [{ ip: "10.96.0.10" }], ports: [port] }]);
    const { items } = await read<{ items: EndpointSlice[] }>("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices");
    expect(items.map(({ metadata, endpoints: list, ports }) => ({ name: metadata?.name, list, ports }))).toEqual([
      { name: "kubernetes", list: [{ addresses: ["10.96.0.10"], conditions: { ready: true } }], ports: [port] },
    ]);
  });
});

describe("an agent's certificate", () => {
  const path = "/kedge/v1/nodes/pods-api-1/certificate";

  async function newPublicKey(namedCurve = "P-256"): Promise<string> {
    const keys = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"])) as CryptoKeyPair;
    const bytes = new Uint8Array((await crypto.subtle.exportKey("spki", keys.publicKey)) as ArrayBuffer);
    return btoa(String.fromCharCode(...bytes));
  }

  const ask = (body: object, of = path): Promise<Response> => agent.request(of, { method: "POST", body: JSON.stringify(body) });

  test("holds its key and what pods call the API, and the authority that pods have vouches for it", async () => {
    const publicKey = await newPublicKey();
    const response = await ask({ publicKey });
    expect(response.status).toBe(201);
    const certificate = new x509.X509Certificate((await response.json<CertificateResponse>()).certificate);
    const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.map(({ value }) => value);
    const hosts = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
    expect(names).toEqual([...hosts, "10.96.0.1", "10.96.0.10"]);
    expect(certificate.publicKey.toString("base64")).toBe(publicKey);
    const authority = await vi.waitFor(async () => {
      const { data } = await read<ConfigMap>("/api/v1/namespaces/default/configmaps/kube-root-ca.crt");
      return new x509.X509Certificate(data?.["ca.crt"] ?? "");
    });
    expect(await certificate.verify({ publicKey: authority.publicKey })).toBe(true);
  });

  test.each<[string, unknown]>([
    ["no key", undefined],
    ["no base64", "not a key!"],
    ["bytes that are no key", btoa("bytes")],
  ])("is not given for %s", async (_, publicKey) => {
    const response = await ask({ publicKey });
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ reason: "BadRequest", message: "publicKey: must be a key on P-256" })]);
  });

  test("is not given for a key on another curve", async () => {
    expect((await ask({ publicKey: await newPublicKey("P-384") })).status).toBe(400);
  });

  test("is not given to another node's agent, nor to anybody else", async () => {
    const body = { publicKey: await newPublicKey() };
    expect((await ask(body, "/kedge/v1/nodes/pods-api-2/certificate")).status).toBe(403);
    expect((await asAdmin(fetch, path, { method: "POST", body: JSON.stringify(body) })).status).toBe(403);
    const stranger = await fetch(`https://kedge.test${path}`, { method: "POST", body: JSON.stringify(body) });
    expect(stranger.status).toBe(403);
  });
});
