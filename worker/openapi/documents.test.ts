import { describe, expect, it } from "vitest";
import { resources } from "../resources/registry.ts";
import { OpenApiDocuments } from "./documents.ts";

const documents = new OpenApiDocuments(resources);

interface Document {
  paths: Record<string, Record<string, { "x-kubernetes-action"?: string; "x-kubernetes-group-version-kind"?: object; parameters?: { name: string }[] }>>;
  components: { schemas: Record<string, { properties?: Record<string, Record<string, unknown>>; "x-kubernetes-group-version-kind"?: object[] }> };
}

// The test's own reading of what the function under test wrote.
const read = async (path: string): Promise<Document> => JSON.parse((await documents.document(path))?.text ?? "{}") as Document;

describe("the OpenAPI v3 documents", () => {
  it("are listed with a hash that clients may cache by", () => {
    const { paths } = documents.index();
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(["api/v1", "apis/apps/v1", "apis/coordination.k8s.io/v1"]));
    expect(paths["api/v1"]?.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-Z]{6,}$/);
  });

  it("keep their hashes when another group changes", () => {
    const fewer = new OpenApiDocuments(resources.filter(({ kind }) => kind !== "Lease" && kind !== "Secret"));
    const [before, after] = [documents.index().paths, fewer.index().paths];
    expect(after["apis/apps/v1"]).toEqual(before["apis/apps/v1"]);
    expect(after["api/v1"]).not.toEqual(before["api/v1"]);
    expect(fewer.swaggerHash).not.toBe(documents.swaggerHash);
  });

  it("exist for no group that is not served", async () => {
    expect(await documents.document("apis/example.com/v1")).toBeUndefined();
  });

  it("resolve every reference within themselves", async () => {
    for (const path of Object.keys(documents.index().paths)) {
      const text = (await documents.document(path))?.text ?? "";
      const names = new Set(Object.keys((await read(path)).components.schemas));
      const references = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]);
      expect(references.filter((name) => name === undefined || !names.has(name))).toEqual([]);
    }
  });

  it("say of every kind's patch that it validates fields, and of which kind it is", async () => {
    for (const { group, version, kind, plural, isNamespaced } of resources.filter(({ verbs }) => verbs.includes("patch"))) {
      const root = group === "" ? `api/${version}` : `apis/${group}/${version}`;
      const operation = (await read(root)).paths[`/${root}/${isNamespaced ? "namespaces/{namespace}/" : ""}${plural}/{name}`]?.["patch"];
      expect(operation?.["x-kubernetes-group-version-kind"]).toEqual({ group, version, kind });
      expect(operation?.parameters?.map(({ name }) => name)).toEqual(expect.arrayContaining(["fieldValidation", "dryRun", "force"]));
    }
  });

  it("carry the list and patch semantics of fields", async () => {
    const { schemas } = (await read("api/v1")).components;
    expect(schemas["io.k8s.api.core.v1.PodSpec"]?.properties?.["containers"]).toMatchObject({
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "name",
    });
    expect(schemas["io.k8s.api.core.v1.PodList"]?.["x-kubernetes-group-version-kind"]).toEqual([{ group: "", version: "v1", kind: "PodList" }]);
  });
});

describe("the OpenAPI v2 document", () => {
  it("resolves every reference within itself, and knows no version 3", async () => {
    const text = JSON.stringify(await documents.swagger());
    const names = new Set(Object.keys((JSON.parse(text) as { definitions: object }).definitions));
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]?.replace("#/definitions/", ""));
    expect(references.filter((name) => name === undefined || !names.has(name))).toEqual([]);
    expect(text).not.toMatch(/"components"|#\/components|"allOf":\[|"oneOf":\[|requestBody/);
  });

  it("says bodies and kinds as clients of that version look for them", async () => {
    // The test's own reading of what the function under test wrote.
    const { paths, definitions } = (await documents.swagger()) as {
      paths: Record<string, Record<string, { parameters: object[]; consumes: string[] }>>;
      definitions: Record<string, Record<string, unknown>>;
    };
    const post = paths["/apis/apps/v1/namespaces/{namespace}/deployments"]?.["post"];
    expect(post?.parameters[0]).toEqual({ in: "body", name: "body", required: true, schema: { $ref: "#/definitions/io.k8s.api.apps.v1.Deployment" } });
    expect(definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]).toEqual({ type: "string", format: "int-or-string" });
    expect(definitions["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"]?.["x-kubernetes-group-version-kind"]).toContainEqual({ group: "apps", version: "v1", kind: "DeleteOptions" });
  });
});
