import { beforeEach, describe, expect, it } from "vitest";
import { call, prepare, WatchReader } from "../http/api.ts";
import { created, freshNamespace, got, namesAt, patched, removed } from "./harness.ts";

beforeEach(prepare);

const labels = { "test-serviceaccount-static": "true" };
const selector = "labelSelector=test-serviceaccount-static%3Dtrue";

describe("service accounts", () => {
  it("ServiceAccount lifecycle test", async () => {
    const space = await freshNamespace("accounts");
    const watch = await WatchReader.open(`${space}/serviceaccounts?watch=true&${selector}`);
    await created(`${space}/serviceaccounts`, { metadata: { name: "robot", labels } });
    await patched(`${space}/serviceaccounts/robot`, { automountServiceAccountToken: false });
    const { items } = await got(`/api/v1/serviceaccounts?${selector}`);
    const own = items.find(({ metadata }) => `/api/v1/namespaces/${metadata["namespace"]}` === space);
    expect(own?.["automountServiceAccountToken"]).toBe(false);
    await removed(`${space}/serviceaccounts?${selector}`);
    expect(await watch.take(3)).toEqual(["ADDED robot", "MODIFIED robot", "DELETED robot"]);
    expect(await namesAt(`${space}/serviceaccounts?${selector}`)).toEqual([]);
    await watch.close();
  });

  it("ServiceAccount, update a ServiceAccount", async () => {
    const space = await freshNamespace("accounts");
    const made = await created(`${space}/serviceaccounts`, { metadata: { name: "robot" } });
    const answer = await call("PUT", `${space}/serviceaccounts/robot`, { body: { ...made, automountServiceAccountToken: true } });
    expect(answer.status).toBe(200);
    expect((await got(`${space}/serviceaccounts/robot`))["automountServiceAccountToken"]).toBe(true);
  });

  it("ServiceAccount, create and review token", async () => {
    const space = await freshNamespace("accounts");
    await created(`${space}/serviceaccounts`, { metadata: { name: "robot" } });
    const requested = await created(`${space}/serviceaccounts/robot/token`, { spec: {} });
    const { token } = requested.status as { token: string };
    expect(token).not.toBe("");
    const review = await created("/apis/authentication.k8s.io/v1/tokenreviews", { spec: { token } });
    expect(review.status).toMatchObject({ authenticated: true, user: { username: `system:serviceaccount:${space.split("/").at(-1)}:robot` } });
    expect((review.status as { error?: string }).error).toBeUndefined();
  });
});
