/** Services from inside pods and from the host: turns, weights, names, node ports. */
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { askTimes } from "./harness/node.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-example");
const kubectl = (args: string | string[]) => use.current.kubectl(args);
const clusterIp = (service: string) => kubectl(`get service ${service} -o jsonpath={.spec.clusterIP}`);
const counted = (pods: string[]) => [...Map.groupBy(pods, (pod) => pod).values()].map((list) => list.length).sort((a, b) => a - b);

beforeAll(async () => {
  await eventually(async () => expect(await kubectl("get nodes --no-headers")).toMatch(/ Ready /), { timeoutMs: 60_000 });
  await use.current.command("load", "--example");
  await use.current.apply(deploymentManifest({ name: "web", replicas: 3 }));
  await kubectl("expose deployment web --port=80 --target-port=8080");
  await kubectl("run client --image=my-app-image:1.0");
  await kubectl("rollout status deployment/web --timeout=60s");
  await kubectl("wait pod/client --for=condition=Ready --timeout=60s");
});

const fromPod = async (url: string, count = 1) => {
  const output = await kubectl(["exec", "client", "--", "/bin/get", url, String(count)]);
  return [...output.matchAll(/"pod":"([^"]+)"/g)].map((match) => match[1] ?? "");
};

describe("a Service", () => {
  it("takes its pods in strict turns, from a pod and from the host", async () => {
    const address = await clusterIp("web");
    await eventually(async () => expect(counted(await askTimes(9, address))).toEqual([3, 3, 3]));
    const answers = await fromPod("http://web/", 9);
    expect(answers.slice(3, 6)).toEqual(answers.slice(0, 3));
    expect(new Set(answers.slice(0, 3)).size).toBe(3);
  });

  it("has every name that DNS gives it", async () => {
    for (const name of ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local"]) {
      expect(await fromPod(`http://${name}/`)).toHaveLength(1);
    }
    await kubectl("create namespace other");
    await kubectl("run client -n other --image=my-app-image:1.0");
    await kubectl("wait pod/client -n other --for=condition=Ready --timeout=60s");
    expect(await kubectl("exec -n other client -- /bin/get http://web.default/")).toContain('"pod":"web-');
    expect(await use.current.kubectlFails("exec -n other client -- /bin/get http://web/")).toContain("get: web:");
    await kubectl("delete namespace other");
  });

  it("follows weights", async () => {
    const pods = (await kubectl("get pods -l app=web -o name")).trim().split("\n");
    for (const [index, weight] of [6, 3, 1].entries()) await kubectl(["annotate", pods[index] ?? "", `kedge.dev/weight=${weight}`]);
    const address = await clusterIp("web");
    await eventually(async () => expect(counted(await askTimes(100, address))).toEqual([10, 30, 60]));
    for (const pod of pods) await kubectl(["annotate", pod, "kedge.dev/weight-"]);
    await eventually(async () => expect(counted(await askTimes(9, address))).toEqual([3, 3, 3]));
  });

  it("has a port on the node", async () => {
    await kubectl("expose deployment web --name=public --type=NodePort --port=80 --target-port=8080");
    const port = Number(await kubectl("get service public -o jsonpath={.spec.ports[0].nodePort}"));
    expect(port).toBeGreaterThanOrEqual(30000);
    const node = await kubectl("get nodes -o jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}");
    await eventually(async () => expect(counted(await askTimes(9, node, port))).toEqual([3, 3, 3]));
  });

  it("refuses at once when it has no pod", async () => {
    await kubectl("create service clusterip lonely --tcp=80:8080");
    const address = await clusterIp("lonely");
    await eventually(() => expect(askTimes(1, address)).rejects.toMatchObject({ code: "ECONNREFUSED" }));
  });
});

describe("a StatefulSet with its headless Service", () => {
  it("gives each pod a name of its own", async () => {
    await use.current.apply("apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  clusterIP: None\n  selector: {app: db}\n  ports: [{name: http, port: 8080}]\n");
    const manifest = deploymentManifest({ name: "db", replicas: 2 }).replace("kind: Deployment", "kind: StatefulSet").replace("  replicas: 2", "  serviceName: db\n  replicas: 2");
    await use.current.apply(manifest);
    await kubectl("rollout status statefulset/db --timeout=60s");
    for (const name of ["db-0", "db-1"]) await eventually(async () => expect(await fromPod(`http://${name}.db:8080/`)).toEqual([name]));
    const addresses = await kubectl("exec client -- getent ahostsv4 db");
    expect(new Set(addresses.match(/10\.\d+\.\d+\.\d+/g)).size).toBe(2);
  });
});
