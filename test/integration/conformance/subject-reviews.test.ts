import { beforeEach, describe, expect, it } from "vitest";
import { call, prepare } from "../http/api.ts";
import { created, freshNamespace } from "./harness.ts";

beforeEach(prepare);

const reviews = "/apis/authorization.k8s.io/v1";
const bindings = "/apis/rbac.authorization.k8s.io/v1";

describe("subject reviews", () => {
  it("SubjectReview, API Operations", async () => {
    const path = await freshNamespace("subject-reviews");
    const namespace = path.slice(path.lastIndexOf("/") + 1);
    await created(`${path}/serviceaccounts`, { metadata: { name: "reviewed" } });
    const user = `system:serviceaccount:${namespace}:reviewed`;
    const groups = ["system:authenticated", "system:serviceaccounts", `system:serviceaccounts:${namespace}`];
    await created(`${bindings}/namespaces/${namespace}/rolebindings`, {
      metadata: { name: "view" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "ServiceAccount", name: "reviewed" }],
    });

    // What the reviews say is what happens to a client that is the account.
    for (const [resource, isAllowed] of [["pods", true], ["secrets", false]] as const) {
      const spec = { user, groups, resourceAttributes: { namespace, verb: "list", resource } };
      const seen = await call("GET", `${path}/${resource}`, { as: [user, ...groups] });
      expect(seen.status).toBe(isAllowed ? 200 : 403);
      const review = await created(`${reviews}/subjectaccessreviews`, { spec });
      expect(review.status).toMatchObject({ allowed: isAllowed });
      const local = await created(`${reviews}/namespaces/${namespace}/localsubjectaccessreviews`, { metadata: { namespace }, spec });
      expect(local.status).toMatchObject({ allowed: isAllowed });
      expect(local.metadata).toMatchObject({ namespace });
    }
  });

  it("and the account's own token is answered as the reviews say", async () => {
    const path = await freshNamespace("subject-tokens");
    const namespace = path.slice(path.lastIndexOf("/") + 1);
    await created(`${path}/serviceaccounts`, { metadata: { name: "own" } });
    const { status } = await created(`${path}/serviceaccounts/own/token`, { spec: { audiences: [] } });
    const { token } = status as { token: string };
    const ask = async (verb: string) =>
      (await call("POST", `${reviews}/selfsubjectaccessreviews`, { token, body: { spec: { resourceAttributes: { namespace, verb, resource: "configmaps" } } } })).body.status;
    expect(await ask("list")).toEqual({ allowed: false });
    expect((await call("GET", `${path}/configmaps`, { token })).status).toBe(403);
    await created(`${bindings}/namespaces/${namespace}/rolebindings`, {
      metadata: { name: "edit" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
      subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: `system:serviceaccounts:${namespace}` }],
    });
    expect(await ask("list")).toMatchObject({ allowed: true });
    expect((await call("GET", `${path}/configmaps`, { token })).status).toBe(200);
    expect((await call("POST", `${path}/configmaps`, { token, body: { metadata: { name: "mine" } } })).status).toBe(201);
    const { body } = await call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", { token, body: {} });
    expect(body.status).toMatchObject({ userInfo: { username: `system:serviceaccount:${namespace}:own`, groups: expect.arrayContaining([`system:serviceaccounts:${namespace}`]) } });
  });
});
