/** What users do wrong, and what they are told: kube-apiserver's words, and nothing half-written. */
import { describe, expect, it } from "vitest";
import { Target } from "../bench/target.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-agent", "--no-example");
const fails = (args: string, input?: string) => use.current.kubectlFails(args, input === undefined ? {} : { input });
const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bad\n";

describe("kubectl is told", () => {
  it("of YAML that does not parse", async () => {
    expect(await fails("apply -f -", "apiVersion: v1\n  kind: [")).toContain("error converting YAML to JSON");
  });

  it("of a field that is unknown, with its path", async () => {
    const manifest = deploymentManifest({ name: "bad", replicas: 1, container: ["imagee: x"] });
    expect(await fails("create --validate=strict -f -", manifest)).toContain('unknown field "spec.template.spec.containers[0].imagee"');
    expect(await use.current.kubectl("get deployments")).toBe("");
  });

  it("of an unknown field by a warning, when that is wanted", async () => {
    const manifest = `${configMap}extra: 1\n`;
    const { stderr, code } = await use.current.try(["create", "--validate=warn", "-f", "-"], { input: manifest });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('unknown field "extra"') });
    await use.current.kubectl("delete cm bad");
  });

  it("of a wrong type", async () => {
    const manifest = deploymentManifest({ name: "bad", replicas: 1 }).replace("replicas: 1", "replicas: many");
    expect(await fails("create --validate=false -f -", manifest)).toMatch(/Deployment in version "v1" cannot be handled as a Deployment|cannot unmarshal/);
  });

  it("of a missing name", async () => {
    expect(await fails("create --validate=false -f -", configMap.replace("name: bad", "labels: {}"))).toContain("name or generateName is required");
  });

  it("of a name that is none", async () => {
    const complaint = await fails("create -f -", configMap.replace("bad", "Not_A_Name"));
    expect(complaint).toMatch(/is invalid: metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain/);
  });

  it("of a selector that does not match the template", async () => {
    const manifest = deploymentManifest({ name: "bad", replicas: 1 }).replace("matchLabels:\n      app: bad", "matchLabels:\n      app: other");
    expect(await fails("create -f -", manifest)).toContain('`selector` does not match template `labels`');
  });

  it("of a change to what is immutable", async () => {
    await use.current.apply(deploymentManifest({ name: "fixed", replicas: 0 }));
    const patch = '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}';
    const complaint = await use.current.kubectlFails(["patch", "deployment", "fixed", "--type=merge", "-p", patch]);
    expect(complaint).toContain("field is immutable");
    await use.current.kubectl("delete deployment fixed");
  });

  it("of a resourceVersion that is not the current one", async () => {
    await use.current.kubectl("create cm stale");
    const text = await use.current.kubectl("get cm stale -o yaml");
    await use.current.kubectl("label cm stale a=b");
    expect(await fails("replace -f -", text)).toContain("the object has been modified; please apply your changes to the latest version");
    await use.current.kubectl("delete cm stale");
  });

  it("of what exists already, is not there, or is of a kind that nobody knows", async () => {
    expect(await fails("create namespace default")).toContain('namespaces "default" already exists');
    expect(await fails("get pod nobody")).toContain('pods "nobody" not found');
    expect(await fails("get unicorns")).toContain(`the server doesn't have a resource type "unicorns"`);
    expect(await fails("create cm x -n nowhere")).toContain('namespaces "nowhere" not found');
  });

  it.each(["v1", "batch/v1", "nobody.example/v1"])("of a kind in a manifest that %s does not have", async (version) => {
    const manifest = configMap.replace("v1", version).replace("ConfigMap", "Unicorn");
    expect(await fails("apply -f -", manifest)).toContain(`no matches for kind "Unicorn" in version "${version}"\nensure CRDs are installed first`);
  });

  it("that a patch may not rename", async () => {
    await use.current.kubectl("create cm named");
    const complaint = await use.current.kubectlFails(["patch", "cm", "named", "--type=merge", "-p", '{"metadata":{"name":"other"}}']);
    expect(complaint).toContain("the name of the object (other) does not match the name on the URL (named)");
    await use.current.kubectl("delete cm named");
  });
});

describe("a client is told", () => {
  const target = (token: string) => new Target({ server: use.current.server, ca: use.current.ca, token });

  it("401 with a wrong token", async () => {
    const { status, text } = await target("wrong").send("GET", "/api/v1/namespaces");
    expect({ status, ...JSON.parse(text) }).toMatchObject({ status: "Failure", code: 401, reason: "Unauthorized" });
  });

  it("413 of a body above 3 MiB", async () => {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "large" }, data: { text: "x".repeat(3 * 1024 * 1024 + 1) } };
    const { text } = await target(use.current.adminToken).send("POST", "/api/v1/namespaces/default/configmaps", body);
    expect(JSON.parse(text)).toMatchObject({ code: 413, reason: "RequestEntityTooLarge" });
  });

  it("400 of JSON that is none", async () => {
    const { text } = await target(use.current.adminToken).send("POST", "/api/v1/namespaces/default/configmaps", undefined);
    expect(JSON.parse(text)).toMatchObject({ kind: "Status", code: 400, reason: "BadRequest" });
  });

  it("404 of a path that is none", async () => {
    const { text } = await target(use.current.adminToken).send("GET", "/apis/nothing.example/v1/things");
    expect(text).toMatch(/404|not find/);
  });

  it("410 of a list that goes on from before the history", async () => {
    const { text } = await target(use.current.adminToken).send("GET", "/api/v1/namespaces/default/configmaps?limit=1&continue=rubbish");
    expect(JSON.parse(text)).toMatchObject({ kind: "Status", code: 400 });
  });
});
