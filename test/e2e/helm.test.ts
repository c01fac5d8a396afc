/** Helm 4 as it is, on hollow nodes: charts written here, installed with its defaults (server-side apply). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolPath } from "../../worker/local/tools.ts";
import { run } from "./harness/cluster.ts";
import { useCluster } from "./harness/use-cluster.ts";
import { useHollowNodes } from "./harness/use-hollow-nodes.ts";

const use = useCluster("--no-agent", "--no-example");
useHollowNodes(use, 2);
const kubectl = (args: string | string[]) => use.current.kubectl(args);
let folder: string;

const webChart = {
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: '1'\n",
  "values.yaml": "replicas: 2\nimage: app:1\n",
  "templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: app, image: {{ .Values.image }}}]}
`,
  "templates/service.yaml": `apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
`,
  "templates/hook.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-before
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
data: {revision: "{{ .Release.Revision }}"}
`,
  "templates/NOTES.txt": "Revision {{ .Release.Revision }} of {{ .Release.Name }} is there.\n",
};

const customChart = {
  "Chart.yaml": "apiVersion: v2\nname: widgets\nversion: 0.1.0\n",
  "crds/widget.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.helm.example.com}
spec:
  group: helm.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer, minimum: 1, default: 3}, color: {type: string}}}
`,
  "templates/widget.yaml": "apiVersion: helm.example.com/v1\nkind: Widget\nmetadata: {name: {{ .Release.Name }}}\nspec: {color: {{ .Values.color | default \"red\" }}}\n",
};

function chart(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return join(folder, name);
}

async function helm(...args: string[]): Promise<string> {
  const env = { KUBECONFIG: use.current.kubeconfig, HELM_CACHE_HOME: join(folder, "cache"), HELM_CONFIG_HOME: join(folder, "config"), HELM_DATA_HOME: join(folder, "data") };
  const { code, stdout, stderr } = await run(toolPath("helm"), args, { env, timeoutMs: 90_000 });
  if (code !== 0) throw new Error(`helm ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-e2e-helm-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deployed = (path: string) => kubectl(["get", "deployment", "shop", "-o", `jsonpath={${path}}`]);

describe("a chart", () => {
  it("is installed and waited for, its hook before it", async () => {
    expect(await helm("install", "shop", chart("web", webChart), "--wait", "--timeout", "60s")).toContain("Revision 1 of shop is there.");
    expect(await deployed(".status.availableReplicas")).toBe("2");
    expect(await kubectl("get cm shop-before -o jsonpath={.data.revision}")).toBe("1");
    expect(await helm("list")).toMatch(/shop\s+default\s+1\s.*deployed\s+web-0\.1\.0/);
  });

  it("is upgraded: what somebody else owns stays, what the chart drops goes", async () => {
    await kubectl("annotate deployment shop team=storefront");
    await helm("upgrade", "shop", join(folder, "web"), "--set", "image=app:2,replicas=3", "--wait", "--timeout", "60s");
    expect(await deployed(".spec.template.spec.containers[0].image")).toBe("app:2");
    expect(await deployed(".status.availableReplicas")).toBe("3");
    expect(await deployed(".metadata.annotations.team")).toBe("storefront");
    expect(await kubectl("get cm shop-before -o jsonpath={.data.revision}")).toBe("2");
  });

  it("is rolled back, and its history told", async () => {
    await helm("rollback", "shop", "1", "--wait", "--timeout", "60s");
    expect(await deployed(".spec.template.spec.containers[0].image")).toBe("app:1");
    expect(await deployed(".spec.replicas")).toBe("2");
    expect(await helm("history", "shop")).toMatch(/3\s.*deployed.*Rollback to 1/);
  });

  it("is uninstalled with everything that it brought", async () => {
    await helm("uninstall", "shop", "--wait");
    expect(await kubectl("get deployment,service -o name -l app.kubernetes.io/managed-by=Helm")).toBe("");
    expect(await use.current.kubectlFails("get deployment shop")).toContain("not found");
    expect(await helm("list", "-q")).toBe("");
  });
});

describe("a chart with custom resources", () => {
  it("brings the definitions before their objects, in one command", async () => {
    await helm("install", "one", chart("widgets", customChart), "--wait", "--timeout", "60s");
    expect(JSON.parse(await kubectl("get wd one -o json")).spec).toEqual({ color: "red", size: 3 });
    await helm("upgrade", "one", join(folder, "widgets"), "--set", "color=blue");
    expect(await kubectl("get widgets.helm.example.com one -o jsonpath={.spec.color}")).toBe("blue");
    await helm("uninstall", "one");
    expect(await use.current.kubectlFails("get wd one")).toContain("not found");
    expect(await kubectl("get crd -o name")).toBe("customresourcedefinition.apiextensions.k8s.io/widgets.helm.example.com\n");
  });
});
