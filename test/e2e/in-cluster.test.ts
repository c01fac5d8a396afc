/** The API from inside pods: stock kubectl in a container, with nothing but what the node gives it. */
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { loadKubectlImage } from "./harness/kubectl-image.ts";
import { agentPid } from "./harness/node.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-example");
const kubectl = (args: string | string[], input?: string) => use.current.kubectl(args, input === undefined ? {} : { input });
const inPod = (pod: string, ...command: string[]) => kubectl(["exec", pod, "--", ...command]);
const failsInPod = async (pod: string, ...command: string[]) => (await use.current.try(["exec", pod, "--", ...command])).stderr;
const mount = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A pod whose container sleeps, from YAML lines of its spec at two spaces. */
async function runPod(name: string, spec = "", container = ""): Promise<void> {
  const containers = `  containers:\n  - name: app\n    image: kubectl:1.35\n${container}`;
  await use.current.apply(`apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  terminationGracePeriodSeconds: 0\n${spec}${containers}`);
  await kubectl(`wait pod/${name} --for=condition=Ready --timeout=60s`);
}

beforeAll(async () => {
  await eventually(async () => expect(await kubectl("get nodes --no-headers")).toMatch(/ Ready /), { timeoutMs: 60_000 });
  expect((await loadKubectlImage(use.current.stateDir)).stdout).toContain("kubectl:1.35");
  await kubectl("create serviceaccount robot");
  await kubectl("create role robot --verb=get,list,watch,create --resource=pods,pods/exec,pods/portforward");
  await kubectl("create rolebinding robot --role=robot --serviceaccount=default:robot");
  await runPod("client", "  serviceAccountName: robot\n");
});

describe("Service Account Tokens Must AutoMount", () => {
  it("mounts the token, the authority's certificate and the namespace", async () => {
    const [, claims = ""] = (await inPod("client", "cat", `${mount}/token`)).split(".");
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
      sub: "system:serviceaccount:default:robot",
      "kubernetes.io": { namespace: "default", pod: { name: "client" }, serviceaccount: { name: "robot" } },
    });
    const trusted = await kubectl(["get", "configmap", "kube-root-ca.crt", "-o", "jsonpath={.data.ca\\.crt}"]);
    expect(await inPod("client", "cat", `${mount}/ca.crt`)).toBe(trusted);
    expect(await inPod("client", "cat", `${mount}/namespace`)).toBe("default");
  });

  it("gives every container the API's address, also one without service links", async () => {
    await runPod("linkless", "  enableServiceLinks: false\n");
    const cluster = (await kubectl("get service kubernetes -o jsonpath={.spec.clusterIP}")).trim();
    for (const pod of ["client", "linkless"]) {
      const env = (await inPod(pod, "env")).split("\n").filter((line) => line.startsWith("KUBERNETES_"));
      expect(env.toSorted()).toEqual([
        `KUBERNETES_PORT=tcp://${cluster}:443`,
        `KUBERNETES_PORT_443_TCP=tcp://${cluster}:443`,
        `KUBERNETES_PORT_443_TCP_ADDR=${cluster}`,
        "KUBERNETES_PORT_443_TCP_PORT=443",
        "KUBERNETES_PORT_443_TCP_PROTO=tcp",
        `KUBERNETES_SERVICE_HOST=${cluster}`,
        "KUBERNETES_SERVICE_PORT=443",
        "KUBERNETES_SERVICE_PORT_HTTPS=443",
      ]);
    }
  });
});

describe("Service account tokens auto mount optionally", () => {
  it.each([
    ["the pod says no", "  automountServiceAccountToken: false\n"],
    ["the account says no", "  serviceAccountName: quiet\n"],
  ])("mounts nothing where %s", async (_, spec) => {
    await use.current.apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: quiet}\nautomountServiceAccountToken: false\n");
    await runPod("without", spec);
    expect(await failsInPod("without", "ls", mount)).toContain("No such file or directory");
    await kubectl("delete pod without");
  });

  it("mounts them where the pod says yes and its account no", async () => {
    await runPod("with", "  serviceAccountName: quiet\n  automountServiceAccountToken: true\n");
    expect((await inPod("with", "ls", mount)).split("\n")).toEqual(expect.arrayContaining(["ca.crt", "namespace", "token"]));
    expect(await inPod("with", "kubectl", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")).toBe("system:serviceaccount:default:quiet");
    await kubectl("delete pod with --wait=false");
  });
});

describe("TokenRequestProjection should mount a projected volume with token using TokenRequest API.", () => {
  it("mounts a token for the audience and the time that the volume names, which the API takes for who it is", async () => {
    const volume = "  volumes:\n  - name: id\n    projected:\n      sources:\n      - serviceAccountToken: {path: id, audience: vault, expirationSeconds: 600}\n      - serviceAccountToken: {path: api, expirationSeconds: 600}\n";
    await runPod("projected", `  serviceAccountName: robot\n${volume}`, "    volumeMounts: [{name: id, mountPath: /id}]\n");
    const [, claims = ""] = (await inPod("projected", "cat", "/id/id")).split(".");
    const { aud, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { aud: string[]; exp: number; iat: number };
    expect([aud, exp - iat]).toEqual([["vault"], 600]);
    const whoami = (path: string) => ["sh", "-c", `kubectl --token=$(cat ${path}) --server=https://kubernetes.default.svc --certificate-authority=${mount}/ca.crt auth whoami -o name 2>&1`];
    expect(await inPod("projected", ...whoami("/id/api"))).toContain("selfsubjectreview.authentication.k8s.io");
    const { stdout } = await use.current.try(["exec", "projected", "--", ...whoami("/id/id")]);
    expect(stdout).toContain("You must be logged in to the server");
  });
});

describe("OIDC Discovery (ServiceAccountIssuerDiscovery)", () => {
  it("lets a pod verify its own token by what the issuer publishes", async () => {
    const raw = async (path: string) => JSON.parse(await inPod("client", "kubectl", "get", "--raw", path)) as unknown;
    const { issuer, jwks_uri } = (await raw("/.well-known/openid-configuration")) as { issuer: string; jwks_uri: string };
    const keys = (await raw(new URL(jwks_uri).pathname)) as JSONWebKeySet;
    const { payload } = await jwtVerify(await inPod("client", "cat", `${mount}/token`), createLocalJWKSet(keys), { issuer, audience: issuer });
    expect(payload.sub).toBe("system:serviceaccount:default:robot");
  });
});

describe("a client in a pod", () => {
  it("is who its service account is", async () => {
    expect(await inPod("client", "kubectl", "auth", "whoami")).toMatch(/Username\s+system:serviceaccount:default:robot/);
  });

  it("may what its roles say", async () => {
    expect(await inPod("client", "kubectl", "get", "pods")).toMatch(/^client\s+1\/1\s+Running/m);
  });

  it("may nothing else, and is told so in upstream's words", async () => {
    expect(await failsInPod("client", "kubectl", "get", "secrets")).toContain(
      'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:default:robot" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
  });

  it.each(["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"])("reaches the API by the name %s", async (name) => {
    const command = `kubectl --server=https://${name} --certificate-authority=${mount}/ca.crt --token=$(cat ${mount}/token) get pods -o name`;
    expect(await inPod("client", "sh", "-c", command)).toContain("pod/client");
  });

  it("reaches it at the endpoint that the Service shows", async () => {
    const address = await kubectl("get endpointslice kubernetes -o jsonpath={.endpoints[0].addresses[0]}:{.ports[0].port}");
    expect(await kubectl("get endpoints kubernetes --no-headers")).toMatch(new RegExp(`kubernetes\\s+${address.replaceAll(".", "\\.")}\\s`));
    const command = `kubectl --server=https://${address} --certificate-authority=${mount}/ca.crt --token=$(cat ${mount}/token) get pods -o name`;
    expect(await inPod("client", "sh", "-c", command)).toContain("pod/client");
  });

  it("is answered on the host's own network, too", async () => {
    await runPod("at-home", "  serviceAccountName: robot\n  hostNetwork: true\n");
    expect(await inPod("at-home", "kubectl", "get", "pods", "-o", "name")).toContain("pod/at-home");
  });

  it("watches, and hears of what comes later", async () => {
    await runPod("watching", "  serviceAccountName: robot\n", "    command: [kubectl, get, pods, -w, --output-watch-events]\n");
    await eventually(async () => expect(await kubectl("logs watching")).toMatch(/^ADDED\s+client/m));
    await runPod("latecomer");
    await kubectl("delete pod latecomer");
    await eventually(async () => expect(await kubectl("logs watching")).toMatch(/^ADDED\s+latecomer[^]*^DELETED\s+latecomer/m));
    expect(await kubectl("get pod watching -o jsonpath={.status.containerStatuses[0].restartCount}")).toBe("0");
  });

  it("runs a command in another pod, both ways", async () => {
    await runPod("other");
    const command = ["kubectl", "exec", "-i", "other", "--", "cat"];
    const input = "line\n".repeat(20_000);
    expect(await kubectl(["exec", "-i", "client", "--", ...command], input)).toBe(input);
  });

  it("forwards a port of another pod to itself", async () => {
    await runPod("web", "", "    command: [/bin/server]\n");
    const script = "kubectl port-forward pod/web 9000:8080 >/dev/null 2>&1 & for i in 1 2 3 4 5 6 7 8 9 10; do get http://127.0.0.1:9000/ && exit 0; sleep 1; done; exit 1";
    expect(JSON.parse(await inPod("client", "sh", "-c", script))).toMatchObject({ pod: "web" });
  });
});

describe("a client that goes on asking", () => {
  /** What it wrote since: the pods that it saw, or why not. */
  const loop = "while true; do kubectl get pods -o name > /tmp/seen 2>&1 && echo good || cat /tmp/seen; sleep 0.2; done";
  const lines = async () => (await kubectl("logs asking")).trim().split("\n");

  async function goesOn(): Promise<void> {
    const before = (await lines()).length;
    await eventually(async () => expect((await lines()).slice(before).filter((line) => line === "good").length).toBeGreaterThan(3), { timeoutMs: 60_000 });
  }

  beforeAll(() => runPod("asking", "  serviceAccountName: robot\n", `    command: [sh, -c, ${JSON.stringify(loop)}]\n`));

  it("finds the control plane again after it was started anew, without being restarted itself", async () => {
    await goesOn();
    process.kill(use.current.workerdPid ?? 0, "SIGKILL");
    await eventually(goesOn, { timeoutMs: 60_000 });
    expect(await kubectl("get pod asking -o jsonpath={.status.containerStatuses[0].restartCount}")).toBe("0");
  });

  it("finds the agent again after it was killed, and takes the token that this one brings", async () => {
    const token = await inPod("asking", "cat", `${mount}/token`);
    const killed = agentPid(use.current);
    process.kill(killed, "SIGKILL");
    await eventually(() => expect(agentPid(use.current)).not.toBe(killed));
    await eventually(goesOn, { timeoutMs: 60_000 });
    // Volumes are looked after about once a minute.
    await eventually(async () => expect(await inPod("asking", "cat", `${mount}/token`)).not.toBe(token), { timeoutMs: 120_000, intervalMs: 1000 });
    await goesOn();
  }, 240_000);
});
