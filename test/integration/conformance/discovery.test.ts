import { beforeEach, describe, expect, it } from "vitest";
import { call, prepare } from "../http/api.ts";
import { got } from "./harness.ts";

beforeEach(prepare);

interface Group {
  name: string;
  versions: { groupVersion: string; version: string }[];
  preferredVersion: { groupVersion: string; version: string };
}

interface Aggregated {
  items: { metadata: { name?: string }; versions: { version: string; resources: { resource: string }[] }[] }[];
}

const groups = async () => (await got("/apis"))["groups"] as Group[];
const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Some of what every cluster has. */
const builtIn = { "": ["pods", "configmaps", "secrets", "services"], apps: ["deployments", "statefulsets"], batch: ["jobs", "cronjobs"], "rbac.authorization.k8s.io": ["roles"] };

async function expectBuiltIns(accept: string): Promise<void> {
  for (const [path, named] of [["/api", [""]], ["/apis", Object.keys(builtIn).filter((group) => group !== "")]] as const) {
    const answer = await call<Aggregated>("GET", path, { accept });
    expect(answer.headers.get("content-type")).toBe(aggregatedType);
    for (const group of named) {
      const found = answer.body.items.find(({ metadata }) => (metadata.name ?? "") === group);
      const resources = found?.versions.find(({ version }) => version === "v1")?.resources.map(({ resource }) => resource);
      expect(resources).toEqual(expect.arrayContaining(builtIn[group as keyof typeof builtIn]));
    }
  }
}

describe("discovery", () => {
  it("Confirm a server version", async () => {
    const version = await got("/version");
    expect([version["major"], version["minor"]]).toEqual(["1", expect.stringMatching(/^\d+$/)]);
  });

  it("Discovery, confirm the PreferredVersion for each api group", async () => {
    for (const group of await groups()) {
      expect(group.preferredVersion).toEqual(group.versions[0]);
      expect(await got(`/apis/${group.name}`)).toMatchObject({ name: group.name, preferredVersion: group.preferredVersion });
    }
  });

  it("Discovery, confirm the groupVerion and a resourcefrom each apiGroup", async () => {
    for (const { versions } of await groups()) {
      for (const { groupVersion } of versions) {
        const list = await got(`/apis/${groupVersion}`);
        expect(list).toMatchObject({ kind: "APIResourceList", groupVersion });
        expect((list["resources"] as { name: string }[]).length).toBeGreaterThan(0);
      }
    }
  });

  it("Aggregated Discovery Interface", () => expectBuiltIns(`${aggregatedType},application/json`));

  it("Aggregated Discovery Endpoint Accept Headers", async () => {
    await expectBuiltIns(aggregatedType);
    expect((await call("GET", "/apis", { accept: "application/json" })).body.kind).toBe("APIGroupList");
  });

  it("API metadata HTTP return", async () => {
    const answer = await call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
      body: { spec: { resourceAttributes: { namespace: "default", verb: "get", resource: "pods" } } },
    });
    expect(answer.status).toBe(406);
  });
});
