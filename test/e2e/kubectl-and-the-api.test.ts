/** What kubectl asks of the API beyond objects and workloads: access, apply by the server, texts, formats, proxies. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolPath } from "../../worker/local/tools.ts";
import { HollowNodes } from "../bench/hollow-nodes.ts";
import { Target } from "../bench/target.ts";
import { eventually } from "./harness/eventually.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-agent", "--no-example");
const kubectl = (args: string | string[], input?: string) => use.current.kubectl(args, input === undefined ? {} : { input });
const fails = (args: string | string[], input?: string) => use.current.kubectlFails(args, input === undefined ? {} : { input });
let nodes: HollowNodes;
let target: Target;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kedge-e2e-api-"));
  const { server, adminToken, ca } = use.current;
  target = new Target({ server, token: adminToken, ca });
  nodes = new HollowNodes({ target, prefix: "hollow", count: 2, namespace: "default" });
  await nodes.start();
});
afterAll(async () => {
  await nodes?.stop();
  target?.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const configMap = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {${data}}\n`;

describe("apply", () => {
  it("by the server tells conflicts, and takes the fields when forced", async () => {
    expect(await kubectl("apply --server-side -f -", configMap("color: red"))).toBe("configmap/applied serverside-applied\n");
    const complaint = await fails("apply --server-side --field-manager=other -f -", configMap("color: blue"));
    expect(complaint).toContain('Apply failed with 1 conflict: conflict with "kubectl": .data.color');
    await kubectl("apply --server-side --field-manager=other --force-conflicts -f -", configMap("color: blue"));
    expect(await kubectl("get cm applied -o jsonpath={.data.color}")).toBe("blue");
    const shown = JSON.parse(await kubectl("get cm applied -o json --show-managed-fields")).metadata.managedFields;
    expect(shown.find(({ manager }: { manager: string }) => manager === "other")).toMatchObject({ operation: "Apply", fieldsV1: { "f:data": { "f:color": {} } } });
    await kubectl("delete cm applied");
  });

  it("by the server takes over what the client applied before", async () => {
    await kubectl("apply -f -", configMap("a: one, b: two"));
    expect(await kubectl("apply view-last-applied configmap/applied")).toContain("a: one");
    await kubectl("apply --server-side -f -", configMap("a: one"));
    expect(JSON.parse(await kubectl("get cm applied -o json")).data).toEqual({ a: "one" });
    expect(await kubectl("diff --server-side -f -", configMap("a: one"))).toBe("");
    await kubectl("delete cm applied");
  });

  it("--prune removes what is no longer applied", async () => {
    const labelled = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, labels: {pruned: "yes"}}\n`;
    await kubectl("apply --prune -l pruned=yes -f -", `${labelled("stays")}---\n${labelled("goes")}`);
    expect(await kubectl("apply --prune -l pruned=yes --prune-allowlist=core/v1/ConfigMap -f -", labelled("stays"))).toContain("configmap/goes pruned");
    expect(await kubectl("get cm -l pruned=yes -o name")).toBe("configmap/stays\n");
    await kubectl("delete cm stays");
  });

  it("-k and kustomize build from a folder", async () => {
    file("kustom/kustomization.yaml", "namePrefix: pre-\nconfigMapGenerator: [{name: made, literals: [a=b]}]\ngeneratorOptions: {disableNameSuffixHash: true}\n");
    expect(await kubectl(["kustomize", join(folder, "kustom")])).toContain("name: pre-made");
    expect(await kubectl(["apply", "-k", join(folder, "kustom")])).toBe("configmap/pre-made created\n");
    expect(await kubectl(["delete", "-k", join(folder, "kustom")])).toContain('configmap "pre-made" deleted');
  });
});

describe("replace and label", () => {
  it("replace --force makes the object anew, label --overwrite changes what is there", async () => {
    const pod = (image: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: forced}\nspec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: ${image}}]}\n`;
    await kubectl("create -f -", pod("app:1"));
    const uid = await kubectl("get pod forced -o jsonpath={.metadata.uid}");
    await kubectl(["replace", "--force", "-f", file("forced.yaml", pod("app:2"))]);
    expect(await kubectl("get pod forced -o jsonpath={.metadata.uid}")).not.toBe(uid);
    await kubectl("label pod forced tier=front");
    expect(await fails("label pod forced tier=back")).toContain("'tier' already has a value (front), and --overwrite is false");
    await kubectl("label --overwrite pod forced tier=back");
    expect(await kubectl("get pod -l tier=back -o name")).toBe("pod/forced\n");
    await kubectl("label pod forced tier-");
    expect(await kubectl("get pod -l tier -o name")).toBe("");
    await kubectl("delete pod forced --wait");
    expect(await kubectl("get pod forced --ignore-not-found")).toBe("");
  });
});

describe("access", () => {
  it("is asked for, listed and granted by roles", async () => {
    expect(await kubectl("auth whoami -o jsonpath={.status.userInfo.groups}")).toContain("system:masters");
    expect(await kubectl("auth can-i delete nodes")).toBe("yes\n");
    await kubectl("create serviceaccount reader");
    const as = "--as=system:serviceaccount:default:reader";
    expect(await fails(`get pods ${as}`)).toContain('pods is forbidden: User "system:serviceaccount:default:reader" cannot list resource "pods" in API group "" in the namespace "default"');
    await kubectl("create role pod-reader --verb=get,list,watch --resource=pods");
    await kubectl("create rolebinding readers --role=pod-reader --serviceaccount=default:reader");
    expect(await kubectl(`get pods ${as}`)).toBe("");
    expect(await kubectl(`auth can-i list pods ${as}`)).toBe("yes\n");
    expect(await kubectl(`auth can-i --list ${as}`)).toMatch(/^pods\s+\[\]\s+\[\]\s+\[get list watch\]/m);
    expect(await fails(`delete pod absent ${as}`)).toContain('cannot delete resource "pods"');
    expect(await kubectl(`auth whoami ${as} -o jsonpath={.status.userInfo.username}`)).toBe("system:serviceaccount:default:reader");
  });

  it("comes with a token of a service account", async () => {
    const token = (await kubectl("create token reader --duration=10m")).trim();
    expect(token.split(".")).toHaveLength(3);
    const env = { KUBECONFIG: "/dev/null" };
    const certificate = file("ca.crt", use.current.ca);
    const flags = [`--server=${use.current.server}`, `--certificate-authority=${certificate}`, `--token=${token}`];
    expect((await use.current.try(["get", "pods", ...flags], { env })).stderr).toContain("No resources found");
    expect((await use.current.try(["get", "secrets", ...flags], { env })).stderr).toContain("cannot list resource");
    await kubectl("delete serviceaccount reader");
    await eventually(async () => expect((await use.current.try(["get", "pods", ...flags], { env })).stderr).toContain("Unauthorized"));
  });

  it("comes with a certificate that somebody approved", async () => {
    const key = join(folder, "jane.key");
    execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key], { stdio: "ignore" });
    const request = execFileSync("openssl", ["req", "-new", "-key", key, "-subj", "/O=developers/CN=jane"], { encoding: "utf8" });
    await kubectl("create -f -", `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: jane}
spec: {request: ${Buffer.from(request).toString("base64")}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth], expirationSeconds: 86400}
`);
    expect(await kubectl("get csr jane")).toMatch(/jane\s+\S+\s+kubernetes.io\/kube-apiserver-client\s+\S+\s+24h\s+Pending/);
    expect(await kubectl("certificate approve jane")).toContain("jane approved");
    const certificate = await eventually(async () => {
      const issued = await kubectl("get csr jane -o jsonpath={.status.certificate}");
      expect(issued).not.toBe("");
      return Buffer.from(issued, "base64").toString();
    });
    expect(execFileSync("openssl", ["x509", "-noout", "-subject"], { input: certificate, encoding: "utf8" })).toMatch(/O = developers, CN = jane/);
    expect(await kubectl("get csr jane")).toMatch(/Approved,Issued/);
  });
});

describe("texts and formats", () => {
  it("explain shows every field", async () => {
    const text = await kubectl("explain deployment --recursive");
    for (const field of ["maxSurge", "terminationGracePeriodSeconds", "preferredDuringSchedulingIgnoredDuringExecution"]) expect(text).toContain(field);
    expect(await kubectl("explain networkpolicy.spec.ingress.from.ipBlock.cidr")).toContain("FIELD: cidr <string>");
  });

  it("api-resources, api-versions and raw paths tell what is served", async () => {
    const wide = await kubectl("api-resources -o wide");
    expect(wide).toMatch(/^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment\s+create,delete,deletecollection,get,list,patch,update,watch\s+all$/m);
    for (const kind of ["CustomResourceDefinition", "NetworkPolicy", "HorizontalPodAutoscaler", "ClusterRole", "VolumeAttachment"]) expect(wide).toMatch(new RegExp(`\\b${kind}\\b`));
    expect((await kubectl("api-versions")).split("\n")).toEqual(expect.arrayContaining(["v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1"]));
    expect(JSON.parse(await kubectl("get --raw /apis/apps/v1")).resources.length).toBeGreaterThan(4);
    expect(await kubectl("get --raw /readyz?verbose")).toContain("[+]ping ok");
    expect(await kubectl("get --raw /metrics")).toContain("apiserver_request_total");
  });

  it("columns, JSON paths and Go templates are cut from objects", async () => {
    await kubectl("apply -f -", deploymentManifest({ name: "cut", replicas: 1 }));
    expect(await kubectl("get deploy cut -o custom-columns=N:.metadata.name,R:.spec.replicas")).toMatch(/^N\s+R\ncut\s+1\n$/);
    expect(await kubectl(["get", "deploy", "cut", "-o", 'jsonpath={range .spec.template.spec.containers[*]}{.name}={.image}{"\\n"}{end}'])).toBe("app=my-app-image:1.0\n");
    expect(await kubectl(["get", "deploy", "cut", "-o", "go-template={{.metadata.name}}/{{.spec.replicas}}"])).toBe("cut/1");
    await kubectl("delete deploy cut");
  });
});

describe("nodes", () => {
  it("are drained through evictions", async () => {
    await use.current.apply(deploymentManifest({ name: "drained", replicas: 2 }));
    await kubectl("rollout status deployment/drained --timeout=60s");
    expect(await kubectl("drain hollow-0 --ignore-daemonsets --delete-emptydir-data --timeout=60s")).toContain("node/hollow-0 drained");
    await eventually(async () => expect(await kubectl("get pods -l app=drained -o jsonpath={.items[*].spec.nodeName}")).toBe("hollow-1 hollow-1"));
    await kubectl("uncordon hollow-0");
    await kubectl("delete deployment drained");
  });
});

describe("kubectl proxy", () => {
  const children: ChildProcess[] = [];
  afterAll(() => children.forEach((child) => child.kill()));

  function proxy(...flags: string[]): Promise<string> {
    const child = spawn(toolPath("kubectl"), ["proxy", ...flags], { env: { ...process.env, KUBECONFIG: use.current.kubeconfig }, stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`kubectl proxy ended with ${code}`)));
      child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    });
  }

  const versionsFrom = (options: object): Promise<string[]> =>
    new Promise((resolve, reject) => {
      httpGet({ path: "/api/", agent: false, timeout: 10_000, ...options }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve(JSON.parse(text).versions));
      }).on("error", reject);
    });

  it("Kubectl, proxy port zero", async () => {
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(await proxy("--port=0", "--disable-filter"))?.[1]);
    expect(await versionsFrom({ host: "127.0.0.1", port })).toEqual(["v1"]);
  });

  it("Kubectl, proxy socket", async () => {
    const socketPath = join(folder, "proxy.sock");
    await proxy(`--unix-socket=${socketPath}`);
    expect(await versionsFrom({ socketPath })).toEqual(["v1"]);
  });
});
