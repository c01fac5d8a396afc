/** Who may do what: RBAC, the default roles, escalation, impersonation, through HTTP with several identities. */
import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { call, namespace, prepare, type Answer } from "./api.ts";

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";
let ns: string;

const roles = () => `${rbac}/namespaces/access/roles`;
const bindings = () => `${rbac}/namespaces/access/rolebindings`;

async function made(path: string, body: object): Promise<void> {
  const answer = await call("POST", path, { body });
  expect([answer.status, answer.text]).toEqual([201, answer.text]);
}

const user = (name: string) => ({ kind: "User", name, apiGroup });
const bind = (name: string, role: string, ...subjects: object[]) => ({
  metadata: { name }, roleRef: { apiGroup, kind: role.startsWith("role:") ? "Role" : "ClusterRole", name: role.replace("role:", "") }, subjects,
});

beforeAll(async () => {
  await prepare();
  ns = await namespace("access");
  await namespace("elsewhere");
  await made(bindings(), bind("viewers", "view", user("vera")));
  await made(bindings(), bind("editors", "edit", user("ed"), { kind: "ServiceAccount", name: "builder" }));
  await made(bindings(), bind("admins", "admin", user("ada"), { kind: "Group", name: "leads", apiGroup }));
  await made(`${ns}/configmaps`, { metadata: { name: "settings" } });
  await made(`${ns}/secrets`, { metadata: { name: "secret" } });
});

describe("a new cluster", () => {
  test("has the default roles and bindings, marked as such", async () => {
    const { body } = await call("GET", `${rbac}/clusterroles?labelSelector=kubernetes.io/bootstrapping%3Drbac-defaults`);
    const names = body.items.map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(["admin", "cluster-admin", "edit", "system:discovery", "system:node", "view"]));
    const admin = body.items.find(({ metadata }) => metadata.name === "admin");
    expect(admin?.metadata.annotations).toEqual({ "rbac.authorization.kubernetes.io/autoupdate": "true" });
    expect(admin?.["rules"]).toEqual(expect.arrayContaining([{ apiGroups: ["authorization.k8s.io"], resources: ["localsubjectaccessreviews"], verbs: ["create"] }]));
    const { body: reader } = await call("GET", `${rbac}/namespaces/kube-system/rolebindings/system::extension-apiserver-authentication-reader`);
    expect(reader["roleRef"]).toMatchObject({ kind: "Role", name: "extension-apiserver-authentication-reader" });
  });

  test("has written them once, and notes it", async () => {
    const store = env.STORE.getByName("store") as unknown as { get(key: string): Promise<{ text: string } | undefined> };
    expect((await store.get("_bootstrap//rbac-defaults"))?.text).toContain('"source":');
    expect((await call("GET", "/api/v1/namespaces/access/_bootstrap")).status).toBe(404);
  });
});

describe("who may", () => {
  test.each<[who: string, method: string, path: string, code: number]>([
    ["vera", "GET", "configmaps", 200],
    ["vera", "GET", "configmaps/settings", 200],
    ["vera", "GET", "secrets/secret", 403],
    ["vera", "DELETE", "configmaps/settings", 403],
    ["ed", "GET", "secrets/secret", 200],
    ["ed", "POST", "configmaps?dryRun=All", 201],
    ["ed", "GET", "resourcequotas/x", 404],
    ["ed", "PATCH", "serviceaccounts/default?dryRun=All", 200],
    ["system:serviceaccount:access:builder", "GET", "secrets/secret", 200],
    ["system:serviceaccount:elsewhere:builder", "GET", "secrets/secret", 403],
    ["ada", "GET", "secrets/secret", 200],
    ["nobody", "GET", "configmaps", 403],
  ])("%s: %s %s is %i", async (who, method, path, code) => {
    const body = method === "POST" ? { metadata: { name: "new" } } : {};
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const answer = await call(method, `${ns}/${path}`, { as: [who], ...(method === "GET" || method === "DELETE" ? {} : { body, type }) });
    expect([answer.status, answer.text]).toEqual([code, answer.text]);
  });

  test("a group's rights are its members'", async () => {
    expect((await call("GET", `${ns}/secrets/secret`, { as: ["lea", "leads"] })).status).toBe(200);
    expect((await call("GET", `${ns}/secrets/secret`, { as: ["lea"] })).status).toBe(403);
  });

  test("what is granted in a namespace is not in another, nor in all", async () => {
    expect((await call("GET", "/api/v1/namespaces/elsewhere/configmaps", { as: ["vera"] })).status).toBe(403);
    const all = await call("GET", "/api/v1/configmaps", { as: ["vera"] });
    expect([all.status, all.body.message]).toEqual([403, 'configmaps is forbidden: User "vera" cannot list resource "configmaps" in API group "" at the cluster scope']);
  });

  test("a namespace may be read by who may read namespaces in it", async () => {
    expect((await call("GET", ns, { as: ["vera"] })).status).toBe(200);
    const { body } = await call("GET", "/api/v1/namespaces/elsewhere", { as: ["vera"] });
    expect(body.message).toBe('namespaces "elsewhere" is forbidden: User "vera" cannot get resource "namespaces" in API group "" in the namespace "elsewhere"');
  });

  test("a subresource is a thing of its own", async () => {
    await made(roles(), { metadata: { name: "scaler" }, rules: [{ apiGroups: ["*"], resources: ["*/scale"], verbs: ["get", "patch"] }] });
    await made(bindings(), bind("scalers", "role:scaler", user("sue")));
    expect((await call("GET", "/apis/apps/v1/namespaces/access/deployments/x/scale", { as: ["sue"] })).status).toBe(404);
    const { body } = await call("GET", "/apis/apps/v1/namespaces/access/deployments/x", { as: ["sue"] });
    expect(body).toMatchObject({
      reason: "Forbidden",
      message: 'deployments.apps "x" is forbidden: User "sue" cannot get resource "deployments" in API group "apps" in the namespace "access"',
      details: { group: "apps", kind: "deployments", name: "x" },
    });
  });

  test("names limit, also a list by field selector", async () => {
    await made(roles(), { metadata: { name: "one" }, rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["settings"], verbs: ["get", "list"] }] });
    await made(bindings(), bind("one", "role:one", user("oscar")));
    expect((await call("GET", `${ns}/configmaps/settings`, { as: ["oscar"] })).status).toBe(200);
    expect((await call("GET", `${ns}/configmaps/other`, { as: ["oscar"] })).status).toBe(403);
    expect((await call("GET", `${ns}/configmaps`, { as: ["oscar"] })).status).toBe(403);
    expect((await call("GET", `${ns}/configmaps?fieldSelector=metadata.name%3Dsettings`, { as: ["oscar"] })).status).toBe(200);
  });

  test("what a PUT or an apply would create needs create", async () => {
    await made(roles(), { metadata: { name: "changer" }, rules: [{ apiGroups: ["", "coordination.k8s.io"], resources: ["configmaps", "leases"], verbs: ["get", "patch", "update"] }] });
    await made(bindings(), bind("changers", "role:changer", user("charly")));
    const lease = "/apis/coordination.k8s.io/v1/namespaces/access/leases/new";
    const put = await call("PUT", lease, { body: { metadata: { name: "new" }, spec: {} }, as: ["charly"] });
    expect([put.status, put.body.message]).toEqual([403, 'leases.coordination.k8s.io "new" is forbidden: User "charly" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "access"']);
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n";
    const applied = await call("PATCH", `${ns}/configmaps/new?fieldManager=x`, { text, type: "application/apply-patch+yaml", as: ["charly"] });
    expect([applied.status, applied.body.message]).toEqual([403, 'configmaps "new" is forbidden: User "charly" cannot create resource "configmaps" in API group "" in the namespace "access"']);
  });

  test("a WebSocket into a pod needs create, too", async () => {
    await made(roles(), { metadata: { name: "peeker" }, rules: [{ apiGroups: [""], resources: ["pods/exec"], verbs: ["get"] }] });
    await made(bindings(), bind("peekers", "role:peeker", user("pia")));
    const { status, body } = await call("GET", `${ns}/pods/x/exec?command=id`, { as: ["pia"], headers: { upgrade: "websocket" } });
    expect([status, body.message]).toEqual([403, 'pods "x" is forbidden: User "pia" cannot create resource "pods/exec" in API group "" in the namespace "access"']);
  });

  test("a role that is not there is told of", async () => {
    await made(bindings(), bind("lost", "gone", user("leo")));
    const { body } = await call("GET", `${ns}/pods`, { as: ["leo"] });
    expect(body.message).toBe('pods is forbidden: User "leo" cannot list resource "pods" in API group "" in the namespace "access": RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found');
  });

  test("a grant counts at once, and so does its end", async () => {
    await made(`${rbac}/clusterrolebindings`, bind("late", "view", user("late")));
    expect((await call("GET", "/api/v1/pods", { as: ["late"] })).status).toBe(200);
    await call("DELETE", `${rbac}/clusterrolebindings/late`);
    expect((await call("GET", "/api/v1/pods", { as: ["late"] })).status).toBe(403);
  });
});

describe("paths", () => {
  test.each<[who: string[], path: string, code: number]>([
    [["somebody"], "/api", 200],
    [["somebody"], "/apis/apps/v1", 200],
    [["somebody"], "/openapi/v3", 200],
    [["somebody"], "/version", 200],
    [["somebody"], "/metrics", 403],
    [["prometheus", "system:monitoring"], "/metrics", 200],
    [["system:anonymous"], "/version", 200],
    [["system:anonymous"], "/api", 403],
    [["system:anonymous"], "/apis/apps/v1", 403],
    [["somebody"], "/wp-login.php", 403],
  ])("%j: GET %s is %i", async (as, path, code) => {
    expect((await call("GET", path, { as })).status).toBe(code);
  });

  test("who is nobody is told", async () => {
    const { body } = await call("GET", "/apis", { token: "" });
    expect(body).toMatchObject({ code: 403, message: 'forbidden: User "system:anonymous" cannot get path "/apis"', details: {} });
  });
});

describe("granting", () => {
  const message = ({ status, body }: Answer) => `${status} ${body.message}`;
  const held = (who: string) => `user "${who}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n`;

  test("nobody grants what they do not hold", async () => {
    const nodes = { metadata: { name: "nodes" }, rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list"] }] };
    expect(message(await call("POST", roles(), { body: nodes, as: ["ada"] }))).toBe(
      `403 roles.rbac.authorization.k8s.io "nodes" is forbidden: ${held("ada")}{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}`);
    expect((await call("POST", roles(), { body: { metadata: { name: "pods" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }, as: ["ada"] })).status).toBe(201);
  });

  test("nor by patch", async () => {
    const body = { rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }] };
    const answer = await call("PATCH", `${roles()}/pods`, { body, type: "application/merge-patch+json", as: ["ada"] });
    expect(message(answer)).toContain('roles.rbac.authorization.k8s.io "pods" is forbidden: user "ada"');
    expect((await call("PATCH", `${roles()}/pods`, { body: { metadata: { labels: { a: "b" } } }, type: "application/merge-patch+json", as: ["ada"] })).status).toBe(200);
  });

  test("nor by an apply", async () => {
    const text = `apiVersion: ${apiGroup}/v1\nkind: Role\nmetadata: {name: applied}\nrules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]\n`;
    const answer = await call("PATCH", `${roles()}/applied?fieldManager=x`, { text, type: "application/apply-patch+yaml", as: ["ada"] });
    expect(message(answer)).toContain('403 roles.rbac.authorization.k8s.io "applied" is forbidden: user "ada"');
  });

  test("nor binds a role of which they do not hold all, unless they may bind", async () => {
    const body = bind("all", "cluster-admin", user("ada"));
    expect(message(await call("POST", bindings(), { body, as: ["ada"] }))).toContain(`403 rolebindings.rbac.authorization.k8s.io "all" is forbidden: ${held("ada")}`);
    expect((await call("POST", bindings(), { body: bind("more-viewers", "view", user("vic")), as: ["ada"] })).status).toBe(201);
    await made(`${rbac}/clusterroles`, { metadata: { name: "binder" }, rules: [{ apiGroups: [apiGroup], resources: ["clusterroles"], resourceNames: ["cluster-admin"], verbs: ["bind"] }] });
    await made(bindings(), bind("binders", "binder", user("ada")));
    expect((await call("POST", `${bindings()}?dryRun=All`, { body, as: ["ada"] })).status).toBe(201);
  });

  test("a role that is not there is not bound by who is not the admin", async () => {
    expect(message(await call("POST", bindings(), { body: bind("x", "role:absent", user("x")), as: ["ada"] }))).toBe(
      '404 role.rbac.authorization.k8s.io "absent" not found');
  });

  test("a binding keeps its role", async () => {
    const answer = await call("PATCH", `${bindings()}/viewers`, { body: { roleRef: { name: "edit" } }, type: "application/merge-patch+json" });
    expect([answer.status, answer.body.message]).toEqual([422, expect.stringContaining("cannot change roleRef")]);
  });
});

test("ClusterRoles with the label are gathered into edit and from there into admin, and leave again", async () => {
  const rules = [{ apiGroups: ["acme.com"], resources: ["widgets"], verbs: ["create"] }];
  await made(`${rbac}/clusterroles`, { metadata: { name: "widgets", labels: { [`${apiGroup}/aggregate-to-edit`]: "true" } }, rules });
  const rulesOf = async (name: string) => (await call("GET", `${rbac}/clusterroles/${name}`)).body["rules"];
  await expect.poll(() => rulesOf("edit"), { timeout: 10_000 }).toEqual(expect.arrayContaining(rules));
  await expect.poll(() => rulesOf("admin"), { timeout: 10_000 }).toEqual(expect.arrayContaining(rules));
  await call("DELETE", `${rbac}/clusterroles/widgets`);
  await expect.poll(() => rulesOf("admin"), { timeout: 10_000 }).not.toEqual(expect.arrayContaining(rules));
});

describe("impersonation", () => {
  beforeAll(async () => {
    const rules = [
      { apiGroups: [""], resources: ["users"], resourceNames: ["vera"], verbs: ["impersonate"] },
      { apiGroups: [""], resources: ["groups"], resourceNames: ["leads"], verbs: ["impersonate"] },
      { apiGroups: ["authentication.k8s.io"], resources: ["userextras/scopes"], resourceNames: ["view"], verbs: ["impersonate"] },
    ];
    await made(`${rbac}/clusterroles`, { metadata: { name: "impersonator" }, rules });
    await made(`${rbac}/clusterrolebindings`, bind("impersonators", "impersonator", { kind: "ServiceAccount", name: "portal", namespace: "access" }));
    await made(`${ns}/serviceaccounts`, { metadata: { name: "portal" } });
  });

  /** Headers of a ServiceAccount that asks as somebody else. */
  async function asked(headers: Record<string, string>): Promise<Answer> {
    const { body } = await call<{ status: { token: string } }>("POST", `${ns}/serviceaccounts/portal/token`, { body: {} });
    return await call("GET", `${ns}/configmaps`, { token: body.status.token, headers });
  }

  test("is for whom the rules name", async () => {
    expect((await asked({})).status).toBe(403);
    expect((await asked({ "impersonate-user": "vera" })).status).toBe(200);
    expect((await asked({ "impersonate-user": "vera", "impersonate-group": "leads", "impersonate-extra-scopes": "view" })).status).toBe(200);
  });

  test.each<[headers: Record<string, string>, message: string]>([
    [{ "impersonate-user": "ed" }, 'users "ed" is forbidden: User "system:serviceaccount:access:portal" cannot impersonate resource "users" in API group "" at the cluster scope'],
    [{ "impersonate-user": "vera", "impersonate-group": "system:masters" }, 'groups "system:masters" is forbidden: User "system:serviceaccount:access:portal" cannot impersonate resource "groups" in API group "" at the cluster scope'],
    [{ "impersonate-user": "vera", "impersonate-uid": "1" }, 'uids.authentication.k8s.io "1" is forbidden: User "system:serviceaccount:access:portal" cannot impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope'],
    [{ "impersonate-user": "vera", "impersonate-extra-scopes": "all" }, 'userextras.authentication.k8s.io "all" is forbidden: User "system:serviceaccount:access:portal" cannot impersonate resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope'],
    [{ "impersonate-user": "system:serviceaccount:access:builder" }, 'serviceaccounts "builder" is forbidden: User "system:serviceaccount:access:portal" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "access"'],
  ])("%j is refused", async (headers, message) => {
    const answer = await asked(headers);
    expect([answer.status, answer.body.message]).toEqual([403, message]);
  });

  test("groups without a user are an error", async () => {
    const { status, body } = await call("GET", "/api", { headers: { "impersonate-group": "leads" } });
    expect([status, body.message]).toEqual([500, "Internal error occurred: requested [{Group  leads    }] without impersonating a user"]);
  });
});
