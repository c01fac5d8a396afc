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
});
