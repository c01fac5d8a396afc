/** CertificateSigningRequests from the question to the certificate, and tokens that Secrets hold. */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { call, namespace, prepare } from "./api.ts";

const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("certificates");
  x509.cryptoProvider.set(crypto);
});

async function requestFor(name: string, extensions: x509.Extension[] = []): Promise<string> {
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm, extensions });
  return btoa(request.toString("pem"));
}

async function ask(name: string, request: string, more: object = {}) {
  const spec = { request, signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"], ...more };
  return await call("POST", path, { body: { metadata: { name }, spec } });
}

/** As `kubectl certificate approve` does. */
async function decide(name: string, type: string, token?: string) {
  const { body } = await call("GET", `${path}/${name}`);
  const conditions = [{ type, status: "True", reason: "Test", message: "decided" }];
  return await call("PUT", `${path}/${name}/approval`, { body: { ...body, status: { conditions } }, ...(token === undefined ? {} : { token }) });
}

interface Status {
  certificate?: string;
  conditions?: { type: string; reason?: string; message?: string }[];
}

async function statusWhen(name: string, isThere: (status: Status) => boolean): Promise<Status> {
  return await vi.waitFor(async () => {
    const status = (await call("GET", `${path}/${name}`)).body.status as Status;
    expect(isThere(status)).toBe(true);
    return status;
  }, { timeout: 10_000, interval: 50 });
}

describe("a certificate request", () => {
  test("says who asks, and is signed by the cluster's authority once it is approved", async () => {
    const made = await ask("ann", await requestFor("CN=ann, O=devs"), { expirationSeconds: 3600 });
    expect([made.status, made.body.spec["username"]]).toEqual([201, "kubernetes-admin"]);
    expect((await decide("ann", "Approved")).status).toBe(200);
    const { certificate = "" } = await statusWhen("ann", (status) => status.certificate !== undefined);
    const [leaf, authority] = atob(certificate).split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new x509.X509Certificate(pem));
    expect(leaf?.subject).toBe("CN=ann, O=devs");
    expect(leaf?.issuer).toBe(authority?.subject);
    expect(await leaf?.verify({ publicKey: authority!.publicKey })).toBe(true);
    expect((leaf!.notAfter.getTime() - Date.now()) / 1000).toBeLessThanOrEqual(3600);
    expect(leaf?.getExtension(x509.ExtendedKeyUsageExtension)?.usages).toEqual([x509.ExtendedKeyUsage.clientAuth]);
    expect(leaf?.getExtension(x509.BasicConstraintsExtension)?.ca).toBe(false);
  });

  test("that a signer cannot sign has failed", async () => {
    await ask("wrong", await requestFor("CN=system:node:n1, O=system:nodes"), { signerName: "kubernetes.io/kubelet-serving", usages: ["digital signature", "server auth"] });
    await decide("wrong", "Approved");
    const { conditions } = await statusWhen("wrong", (status) => status.conditions?.some(({ type }) => type === "Failed") === true);
    expect(conditions).toContainEqual(expect.objectContaining({ type: "Failed", reason: "SignerValidationFailure", message: "DNS or IP subjectAltName is required" }));
  });

  test("gets no name in its certificate of a kind that nobody looked at", async () => {
    const names = new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "n1" }, { type: "upn", value: "root@example.com" }]);
    await ask("smuggler", await requestFor("CN=carl", [names]));
    await decide("smuggler", "Approved");
    const { certificate = "" } = await statusWhen("smuggler", (status) => status.certificate !== undefined);
    const found = new x509.X509Certificate(atob(certificate)).getExtension(x509.SubjectAlternativeNameExtension);
    expect(found?.names.toJSON()).toEqual([{ type: "dns", value: "n1" }]);
  });

  test("that was denied, or asks somebody else's signer, gets nothing", async () => {
    await ask("denied", await requestFor("CN=bob"));
    await decide("denied", "Denied");
    await ask("others", await requestFor("CN=bob"), { signerName: "example.com/signer" });
    await decide("others", "Approved");
    await ask("later", await requestFor("CN=carl"));
    await decide("later", "Approved");
    await statusWhen("later", (status) => status.certificate !== undefined);
    for (const name of ["denied", "others"]) expect((await call("GET", `${path}/${name}`)).body.status).not.toHaveProperty("certificate");
  });

  test("makes nobody a master", async () => {
    const { status, body } = await ask("master", await requestFor("CN=eve, O=system:masters"));
    expect([status, body.message]).toEqual([403, 'certificatesigningrequests.certificates.k8s.io "master" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed']);
  });

  test("is decided by those alone who may for its signer", async () => {
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const rules = [{ apiGroups: ["certificates.k8s.io"], resources: ["certificatesigningrequests/approval"], verbs: ["update"] }];
    await call("POST", `${rbac}/clusterroles`, { body: { metadata: { name: "approver" }, rules } });
    await call("POST", `${ns}/serviceaccounts`, { body: { metadata: { name: "approver" } } });
    const subjects = [{ kind: "ServiceAccount", name: "approver", namespace: "certificates" }];
    await call("POST", `${rbac}/clusterrolebindings`, { body: { metadata: { name: "approver" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "approver" }, subjects } });
    const { token } = (await call<{ status: { token: string } }>("POST", `${ns}/serviceaccounts/approver/token`, { body: { spec: {} } })).body.status;
    await ask("guarded", await requestFor("CN=dan"));
    const refused = await decide("guarded", "Approved", token);
    expect([refused.status, refused.body.message]).toEqual([403, expect.stringContaining('user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"')]);
    const signers = [{ apiGroups: ["certificates.k8s.io"], resources: ["signers"], resourceNames: ["kubernetes.io/*"], verbs: ["approve"] }];
    const role = (await call("GET", `${rbac}/clusterroles/approver`)).body;
    await call("PUT", `${rbac}/clusterroles/approver`, { body: { ...role, rules: [...rules, ...signers] } });
    expect((await decide("guarded", "Approved", token)).status).toBe(200);
  });

  test("is signed by those alone who may for its signer", async () => {
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const rules: object[] = [{ apiGroups: ["certificates.k8s.io"], resources: ["certificatesigningrequests/status"], verbs: ["update"] }];
    await call("POST", `${rbac}/clusterroles`, { body: { metadata: { name: "signer" }, rules } });
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "signer" }];
    await call("POST", `${rbac}/clusterrolebindings`, { body: { metadata: { name: "signer" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "signer" }, subjects } });
    await ask("foreign", await requestFor("CN=flo"), { signerName: "example.com/signer" });
    await decide("foreign", "Approved");
    const headers = { "impersonate-user": "signer" };
    const failed = async () => {
      const { body } = await call("GET", `${path}/foreign`);
      const status = body.status as { conditions: object[] };
      const conditions = [...status.conditions, { type: "Failed", status: "True", reason: "No", message: "no" }];
      return await call("PUT", `${path}/foreign/status`, { body: { ...body, status: { ...status, conditions } }, headers });
    };
    const refused = await failed();
    expect([refused.status, refused.body.message]).toEqual([403, expect.stringContaining('user not permitted to sign requests with signerName "example.com/signer"')]);
    // What is no signing needs no permission to sign.
    const { body } = await call("GET", `${path}/foreign`);
    expect((await call("PUT", `${path}/foreign/status`, { body, headers })).status).toBe(200);
    const signers = { apiGroups: ["certificates.k8s.io"], resources: ["signers"], resourceNames: ["example.com/*"], verbs: ["sign"] };
    const role = (await call("GET", `${rbac}/clusterroles/signer`)).body;
    await call("PUT", `${rbac}/clusterroles/signer`, { body: { ...role, rules: [...rules, signers] } });
    expect((await failed()).status).toBe(200);
  });
});

describe("a Secret for a service account's token", () => {
  const type = "kubernetes.io/service-account-token";
  const secret = (name: string, account: string) => ({ metadata: { name, annotations: { "kubernetes.io/service-account.name": account } }, type });

  test("is filled, good while it holds the token, and gone with the account", async () => {
    const account = await call("POST", `${ns}/serviceaccounts`, { body: { metadata: { name: "old" } } });
    await call("POST", `${ns}/secrets`, { body: secret("old-token", "old") });
    const filled = await vi.waitFor(async () => {
      const { body } = await call("GET", `${ns}/secrets/old-token`);
      expect(body.data?.["token"]).toBeDefined();
      return body;
    }, { timeout: 10_000, interval: 50 });
    expect(filled.metadata.annotations).toMatchObject({ "kubernetes.io/service-account.uid": account.body.metadata.uid });
    expect(atob(filled.data?.["namespace"] ?? "")).toBe("certificates");
    const token = atob(filled.data?.["token"] ?? "");
    expect(decodeJwt(token)).toMatchObject({ iss: "kubernetes/serviceaccount", sub: "system:serviceaccount:certificates:old" });
    const { status, body } = await call("GET", `${ns}/pods`, { token });
    expect([status, body.message]).toEqual([403, expect.stringContaining('User "system:serviceaccount:certificates:old"')]);

    await call("DELETE", `${ns}/serviceaccounts/old`);
    await vi.waitFor(async () => expect((await call("GET", `${ns}/secrets/old-token`)).status).toBe(404), { timeout: 10_000, interval: 50 });
    // That it was there is believed for some seconds.
    const review = () => call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body: { spec: { token } } });
    await vi.waitFor(async () => expect((await review()).body.status).not.toHaveProperty("authenticated"), { timeout: 10_000, interval: 500 });
  });

  test("of an account that is not there goes at once", async () => {
    await call("POST", `${ns}/secrets`, { body: secret("orphan", "nobody") });
    await vi.waitFor(async () => expect((await call("GET", `${ns}/secrets/orphan`)).status).toBe(404), { timeout: 10_000, interval: 50 });
  });
});
