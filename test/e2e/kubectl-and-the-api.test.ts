/** What kubectl asks of the API beyond objects and workloads: access, apply by the server, texts, formats, proxies. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolPath } from "../../worker/local/tools.ts";
import { eventually } from "./harness/eventually.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { useCluster } from "./harness/use-cluster.ts";
import { useHollowNodes } from "./harness/use-hollow-nodes.ts";

const use = useCluster("--no-agent", "--no-example");
useHollowNodes(use, 2);
const kubectl = (args: string | string[], input?: string) => use.current.kubectl(args, input === undefined ? {} : { input });
const fails = (args: string | string[], input?: string) => use.current.kubectlFails(args, input === undefined ? {} : { input });
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-e2e-api-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

describe("policies in CEL", () => {
  const kind = (name: string, metadata: string, spec: string) => `apiVersion: admissionregistration.k8s.io/v1beta1\nkind: ${name}\nmetadata: {name: ${metadata}}\nspec:\n${spec}---\n`;
  const policy = (expression: string) => kind("MutatingAdmissionPolicy", "owned", `  reinvocationPolicy: IfNeeded
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: ["v1"], resources: [configmaps], operations: [CREATE]}]}
  matchConditions: [{name: marked, expression: "has(object.metadata.labels) && object.metadata.labels.mark == 'yes'"}]
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >
          ${expression}
`);
  const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: marked, labels: {mark: 'yes'}}\n";

  it("that mutate are explained, applied and shown, change what is created, and must compile", async () => {
    expect(await kubectl("explain mutatingadmissionpolicies.spec.reinvocationPolicy")).toMatch(/VERSION:\s+v1beta1[^]*FIELD: reinvocationPolicy <string>/);
    expect(await fails("apply -f -", policy("Object{metadata: Object.metadata{labels: nobody}}"))).toMatch(/spec\.mutations\[0\]\.applyConfiguration\.expression: Invalid value: [^]*undeclared reference to 'nobody'/);
    const applied = policy("Object{metadata: Object.metadata{labels: {'owner': request.userInfo.username}}}") + kind("MutatingAdmissionPolicyBinding", "owned", "  policyName: owned\n");
    expect(await kubectl("apply -f -", applied)).toBe("mutatingadmissionpolicy.admissionregistration.k8s.io/owned created\nmutatingadmissionpolicybinding.admissionregistration.k8s.io/owned created\n");
    expect(await kubectl("get mutatingadmissionpolicies")).toMatch(/^NAME\s+MUTATIONS\s+PARAMKIND\s+AGE\s+owned\s+1\s+<unset>\s+\d+s/);
    expect(await kubectl("get mutatingadmissionpolicybindings")).toMatch(/^NAME\s+POLICYNAME\s+PARAMREF\s+AGE\s+owned\s+owned\s+<unset>\s+\d+s/);
    await eventually(async () => {
      expect(await kubectl("create --dry-run=server -o jsonpath={.metadata.labels.owner} -f -", configMap)).toBe("kubernetes-admin");
    });
    await kubectl("delete mutatingadmissionpolicybinding,mutatingadmissionpolicy owned");
  });

  it("that validate are warned of in their status", async () => {
    const validating = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: confused}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE]}]}
  validations: [{expression: "object.spec.replicaz > 1"}]
`;
    await kubectl("apply -f -", validating);
    await eventually(async () => expect(await kubectl("describe validatingadmissionpolicy confused")).toMatch(/Observed Generation:\s+1\s+Type Checking:[^]*undefined field 'replicaz'/));
    await kubectl("delete validatingadmissionpolicy confused");
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

describe("a kind of one's own", () => {
  const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.e2e.example.com}
spec:
  group: e2e.example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget, shortNames: [gd], categories: [all]}
  versions:
    - name: v1
      served: true
      storage: true
      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              description: What a gadget shall be.
              required: [size]
              x-kubernetes-validations: [{rule: "self.size <= self.limit", message: size is beyond limit}]
              properties: {size: {type: integer, description: How big it is.}, limit: {type: integer, default: 5}, parts: {type: array, items: {type: object, properties: {name: {type: string}}}}}
`;
  const gadget = (spec: string) => `apiVersion: e2e.example.com/v1\nkind: Gadget\nmetadata: {name: one}\nspec: {${spec}}\n`;

  it("is explained, checked, applied, shown and removed like any other", async () => {
    await kubectl("apply -f -", definition);
    await kubectl("wait crd/gadgets.e2e.example.com --for=condition=Established --timeout=10s");
    expect(await kubectl("explain gadgets.spec")).toMatch(/KIND:\s+Gadget[^]*What a gadget shall be\.[^]*size\s+<integer> -required-\s+How big it is\./);
    expect(await kubectl("explain gadgets.spec.parts.name")).toContain("FIELD: name <string>");
    expect(await fails("apply -f -", gadget("size: 1, colour: red"))).toContain('unknown field "spec.colour"');
    expect(await fails("apply -f -", gadget("limit: 3"))).toContain("spec.size: Required value");
    expect(await fails("apply -f -", gadget("size: 9"))).toContain("size is beyond limit");
    expect(await kubectl("apply -f -", gadget("size: 2"))).toBe("gadget.e2e.example.com/one created\n");
    expect(await kubectl("apply -f -", gadget("size: 3"))).toBe("gadget.e2e.example.com/one configured\n");
    expect(await kubectl("apply --server-side --force-conflicts -f -", gadget("size: 4"))).toBe("gadget.e2e.example.com/one serverside-applied\n");
    expect(await kubectl("get gd")).toMatch(/^NAME\s+SIZE\none\s+4\n$/);
    expect(await kubectl("get all -o name")).toContain("gadget.e2e.example.com/one");
    await kubectl("delete crd gadgets.e2e.example.com");
    expect(await fails("get gadgets")).toMatch(/doesn't have a resource type|could not find the requested resource/);
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

describe("conformance", () => {
  const controller = `apiVersion: v1
kind: ReplicationController
metadata: {name: primary}
spec:
  replicas: 2
  selector: {app: primary}
  template:
    metadata: {labels: {app: primary}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: app, image: "my-app-image:1.0", ports: [{containerPort: 6379}]}]}
`;
  const podNames = async () => (await kubectl("get pods -l app=primary --field-selector status.phase=Running -o jsonpath={.items[*].metadata.name}")).split(" ").filter(Boolean);
  const runs = (count: number) => eventually(async () => expect(await podNames()).toHaveLength(count));

  it("Kubectl, check version v1", async () => expect((await kubectl("api-versions")).split("\n")).toContain("v1"));

  it("Kubectl, cluster info", async () => expect(await kubectl("cluster-info")).toMatch(/Kubernetes control plane.*is running at/));

  it("Kubectl, replication controller", async () => {
    await kubectl("create -f -", controller);
    await runs(2);
  });

  it("Kubectl, scale replication controller", async () => {
    await kubectl("scale rc primary --replicas=1 --timeout=60s");
    await runs(1);
    await kubectl("scale rc primary --replicas=2 --timeout=60s");
    await runs(2);
  });

  it("Kubectl, create service, replication controller", async () => {
    await kubectl("expose rc primary --name=rm2 --port=1234 --target-port=6379");
    await eventually(async () => expect(await kubectl("get endpoints rm2 -o jsonpath={.subsets[0].ports[0].port}")).toBe("6379"));
    await kubectl("expose service rm2 --name=rm3 --port=2345 --target-port=6379");
    expect(await kubectl("get service rm3 -o jsonpath={.spec.ports[0].port}/{.spec.ports[0].targetPort}")).toBe("2345/6379");
  });

  it("Kubectl, describe pod or rc", async () => {
    const [pod = ""] = await podNames();
    expect(await kubectl(`describe pod ${pod}`)).toMatch(/Name:\s+primary-[^]*Controlled By:\s+ReplicationController\/primary[^]*State:\s+Running/);
    expect(await kubectl("describe rc primary")).toMatch(/Replicas:\s+2 current \/ 2 desired[^]*2 Running[^]*SuccessfulCreate/);
    expect(await kubectl("describe service rm2")).toMatch(/Selector:\s+app=primary[^]*TargetPort:\s+6379\/TCP/);
    expect(await kubectl("describe node hollow-0")).toMatch(/Roles:[^]*Conditions:[^]*Capacity:/);
    expect(await kubectl("describe namespace default")).toMatch(/Name:\s+default[^]*Status:\s+Active/);
  });

  it("Kubectl, patch to annotate", async () => {
    for (const pod of await podNames()) await kubectl(["patch", "pod", pod, "-p", '{"metadata":{"annotations":{"x":"y"}}}']);
    expect(await kubectl("get pods -l app=primary -o jsonpath={.items[*].metadata.annotations.x}")).toBe("y y");
  });

  it("Kubectl, server-side dry-run Pod", async () => {
    await kubectl("run dry --image=my-app-image:1.0 --labels=run=dry");
    await kubectl(["patch", "pod", "dry", "-p", '{"spec":{"containers":[{"name":"dry","image":"my-app-image:2.0"}]}}', "--dry-run=server"]);
    expect(await kubectl("get pod dry -o jsonpath={.spec.containers[0].image}")).toBe("my-app-image:1.0");
    await kubectl("delete pod dry --wait=false");
  });

  it("Kubectl, diff Deployment", async () => {
    const manifest = deploymentManifest({ name: "diffed", replicas: 0 });
    await use.current.apply(manifest);
    const { code, stdout } = await use.current.try(["diff", "-f", file("diffed.yaml", manifest.replace("my-app-image:1.0", "busybox:1"))]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/-\s+- image: my-app-image:1\.0[^]*\+\s+- image: busybox:1/);
    await kubectl("delete deployment diffed");
  });

  it("leaves nothing of these behind", async () => {
    await kubectl("delete rc primary");
    await kubectl("delete service rm2 rm3");
    await eventually(async () => expect(await kubectl("get pods -l app=primary -o name")).toBe(""));
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
