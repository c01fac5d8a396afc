/** Server-side apply with the real kubectl and Helm against the whole control plane; no node is needed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolPath } from "../../worker/local/tools.ts";
import { run } from "./harness/cluster.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-agent", "--no-example");
const kubectl = (args: string | string[], input?: string) => use.current.kubectl(args, input === undefined ? {} : { input });
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-e2e-charts-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const configMap = (name: string, ...data: string[]) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${data.map((line) => `  ${line}\n`).join("")}`;

async function managersOf(what: string): Promise<string[]> {
  const { metadata } = JSON.parse(await kubectl(`get ${what} -o json --show-managed-fields`)) as {
    metadata: { managedFields?: { manager: string; operation: string; subresource?: string }[] };
  };
  return (metadata.managedFields ?? []).map(({ manager, operation, subresource }) => [manager, operation, subresource].filter(Boolean).join(" "));
}

describe("kubectl", () => {
  it("applies on the server, and again", async () => {
    const manifest = configMap("served", "a: one");
    expect(await use.current.apply(manifest, "--server-side")).toBe("configmap/served serverside-applied\n");
    const version = await kubectl("get cm served -o jsonpath={.metadata.resourceVersion}");
    expect(await use.current.apply(manifest, "--server-side")).toBe("configmap/served serverside-applied\n");
    expect(await kubectl("get cm served -o jsonpath={.metadata.resourceVersion}")).toBe(version);
    expect(await managersOf("cm served")).toEqual(["kubectl Apply"]);
    expect(await kubectl("get cm served -o yaml --show-managed-fields")).toMatch(/f:data:\n\s+f:a: \{\}\n/);
    expect(await kubectl("get cm served -o yaml")).not.toContain("managedFields");
  });

  it("is told of conflicts, and takes over with force", async () => {
    await use.current.apply(configMap("contested", "a: one"), "--server-side", "--field-manager=first");
    const second = ["apply", "--server-side", "--field-manager=second", "-f", "-"];
    const refused = await use.current.kubectlFails(second, { input: configMap("contested", "a: two") });
    expect(refused).toContain('Apply failed with 1 conflict: conflict with "first": .data.a');
    expect(await kubectl([...second, "--force-conflicts"], configMap("contested", "a: two"))).toContain("serverside-applied");
    expect(await kubectl("get cm contested -o jsonpath={.data.a}")).toBe("two");
    expect(await managersOf("cm contested")).toEqual(["second Apply"]);
  });

  it("removes what a manifest no longer holds", async () => {
    await use.current.apply(configMap("shrinking", "a: one", "b: two"), "--server-side");
    await use.current.apply(configMap("shrinking", "a: one"), "--server-side");
    expect(await kubectl("get cm shrinking -o jsonpath={.data}")).toBe('{"a":"one"}');
  });

  it("moves from client-side apply to server-side apply, and back", async () => {
    const manifest = deploymentManifest({ name: "migrated", replicas: 0, container: ["env:", "- name: A", "  value: one"] });
    await use.current.apply(manifest);
    expect(await managersOf("deployment migrated")).toContain("kubectl-client-side-apply Update");
    const changed = manifest.replace("value: one", "value: two");
    expect(await use.current.apply(changed, "--server-side")).toBe("deployment.apps/migrated serverside-applied\n");
    const managers = await managersOf("deployment migrated");
    expect(managers).toContain("kubectl Apply");
    expect(managers).not.toContain("kubectl-client-side-apply Update");
    const dropped = deploymentManifest({ name: "migrated", replicas: 0 });
    await use.current.apply(dropped, "--server-side");
    expect(await kubectl("get deployment migrated -o jsonpath={.spec.template.spec.containers[0].env}")).toBe("");
    expect(await use.current.apply(dropped)).toContain("deployment.apps/migrated");
    expect(await kubectl("apply view-last-applied deployment migrated")).toContain("my-app-image:1.0");
  });

  it("compares on the server", async () => {
    await use.current.apply(configMap("compared", "a: one"), "--server-side");
    const diff = await use.current.try(["diff", "--server-side", "-f", "-"], { input: configMap("compared", "a: two") });
    expect(diff.stderr).toBe("");
    expect(diff.stdout).toMatch(/-\s+a: one\n\+\s+a: two/);
    expect(await kubectl("get cm compared -o jsonpath={.data.a}")).toBe("one");
  });

  it("owns by a scale what it scales", async () => {
    const manifest = deploymentManifest({ name: "scaled", replicas: 0 });
    await use.current.apply(manifest, "--server-side");
    await kubectl("scale deployment scaled --replicas=1");
    const refused = await use.current.kubectlFails(["apply", "--server-side", "-f", "-"], { input: manifest });
    expect(refused).toContain('conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas');
    await use.current.apply(manifest, "--server-side", "--force-conflicts");
    expect(await kubectl("get deployment scaled -o jsonpath={.spec.replicas}")).toBe("0");
  });

  it("is told of a field that does not exist", async () => {
    const refused = await use.current.kubectlFails(["apply", "--server-side", "--validate=ignore", "-f", "-"], { input: `${configMap("odd", "a: one")}colour: blue\n` });
    expect(refused).toContain("failed to create typed patch object (default/odd; v1, Kind=ConfigMap): .colour: field not declared in schema");
  });
});

/** A chart of a Deployment, its Service and its settings. */
function chart(name: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, "templates"), { recursive: true });
  const template = (file: string, text: string) => writeFileSync(join(path, "templates", file), text);
  writeFileSync(join(path, "Chart.yaml"), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\nappVersion: "1.0"\n`);
  writeFileSync(join(path, "values.yaml"), "color: blue\nreplicas: 0\n");
  template("settings.yaml", configMap("{{ .Release.Name }}-settings", "color: {{ .Values.color }}"));
  template("deployment.yaml", deploymentManifest({ name: "{{ .Release.Name }}", replicas: 0 }).replace("replicas: 0", "replicas: {{ .Values.replicas }}"));
  const ports = "  ports:\n  - port: 80\n  - port: 53\n    protocol: UDP\n    name: dns\n".replace("- port: 80\n", "- port: 80\n    name: http\n");
  template("service.yaml", `apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  selector:\n    app: {{ .Release.Name }}\n${ports}`);
  return path;
}

describe("Helm with its default, server-side apply", () => {
  const helm = async (...args: string[]): Promise<string> => {
    const homes = { HELM_CACHE_HOME: join(folder, "cache"), HELM_CONFIG_HOME: join(folder, "config"), HELM_DATA_HOME: join(folder, "data") };
    const { code, stdout, stderr } = await run(toolPath("helm"), args, { env: { KUBECONFIG: use.current.kubeconfig, ...homes } });
    if (code !== 0) throw new Error(`helm ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  };
  const color = () => kubectl("get cm web-settings -o jsonpath={.data.color}");

  it("installs, upgrades, rolls back and uninstalls", async () => {
    const path = chart("web");
    expect(await helm("install", "web", path)).toContain("STATUS: deployed");
    expect(await managersOf("cm web-settings")).toEqual(["helm Apply"]);
    expect(await managersOf("service web")).toContain("helm Apply");
    await helm("upgrade", "web", path, "--set", "color=green");
    expect(await color()).toBe("green");
    await helm("rollback", "web", "1");
    expect(await color()).toBe("blue");
    await helm("uninstall", "web");
    expect(await kubectl("get cm,service,deployment -l app.kubernetes.io/managed-by=Helm -A -o name")).toBe("");
  });

  it("does not undo what another changed, unless it is told to", async () => {
    const path = chart("other");
    await helm("install", "other", path);
    await kubectl("scale deployment other --replicas=1");
    await expect(helm("upgrade", "other", path, "--set", "replicas=2")).rejects.toThrow('conflict with "kubectl" with subresource "scale"');
    await helm("upgrade", "other", path, "--set", "replicas=2", "--force-conflicts");
    expect(await kubectl("get deployment other -o jsonpath={.spec.replicas}")).toBe("2");
    await helm("uninstall", "other");
  });
});
