/**
 * For tests: containerd and network of one state directory inside a network namespace, with pods of the example's
 * image. Started by nsenter with the state directory as its argument; writes what it saw as one line of JSON and
 * removes everything.
 */
import { argv, stdout } from "node:process";
import { exampleArchive } from "../../../examples/image/images.ts";
import { createHost } from "../../host/create-host.ts";
import { loadImage } from "../../host/load-image.ts";
import { removeNode } from "../../host/remove-node.ts";
import { CriRuntime } from "../../runtime/cri/cri-runtime.ts";
import type { ContainerConfig, SandboxConfig } from "../../runtime/runtime.ts";
import { createNetwork } from "../create-network.ts";
import { byName, service, slice } from "./objects.ts";

const stateDir = argv[2] ?? "";
const host = createHost(stateDir);
const { socket } = await host.ensureContainerd();
const runtime = new CriRuntime(socket);
const network = createNetwork({
  name: host.names.name,
  stateDir,
  podCidr: "10.240.1.0/24",
  clusterCidr: "10.240.0.0/16",
  serviceCidr: "10.100.0.0/16",
  dnsAddress: "10.100.0.10",
  clusterDomain: "cluster.local",
  upstreamDns: ["127.0.0.1#9"],
});

function sandboxOf(name: string): SandboxConfig {
  const searches = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"];
  return {
    name,
    uid: name,
    namespace: "default",
    attempt: 0,
    hostname: name,
    logDirectory: `${stateDir}/logs/${name}`,
    dns: { servers: ["10.100.0.10"], searches, options: ["ndots:5"] },
    portMappings: [],
    labels: {},
    annotations: {},
    cgroupParent: `${host.names.cgroupParent}/${name}`,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    sharePid: false,
    sysctls: {},
    securityContext: { supplementalGroups: [], readonlyRootfs: false, privileged: false },
  };
}

const app: ContainerConfig = {
  name: "app",
  attempt: 0,
  image: "my-app-image:1.0",
  command: [],
  args: [],
  workingDir: "",
  env: [],
  mounts: [],
  labels: {},
  annotations: {},
  logPath: "app.log",
  stdin: false,
  stdinOnce: false,
  tty: false,
  resources: { cpuPeriod: 100_000, cpuQuota: 0, cpuShares: 2, memoryLimitBytes: 0, oomScoreAdj: 1000 },
  securityContext: {
    supplementalGroups: [],
    readonlyRootfs: false,
    privileged: false,
    noNewPrivileges: false,
    addCapabilities: [],
    dropCapabilities: [],
  },
};

interface TestPod {
  name: string;
  ip: string;
  containerId: string;
}

async function startPod(name: string): Promise<TestPod> {
  const sandbox = sandboxOf(name);
  const id = await runtime.runSandbox(sandbox);
  const containerId = await runtime.createContainer(id, app, sandbox);
  await runtime.startContainer(containerId);
  return { name, containerId, ip: (await runtime.sandboxStatus(id))?.ips[0] ?? "" };
}

async function inPod(pod: TestPod, ...command: string[]): Promise<string> {
  const { exitCode, stdout: out, stderr } = await runtime.execSync(pod.containerId, command, 20);
  return exitCode === 0 ? Buffer.from(out).toString() : `exit ${exitCode}: ${Buffer.from(stderr).toString()}`;
}

const namesIn = (answers: string): string[] => [...answers.matchAll(/"pod":"([^"]+)"/g)].map((match) => match[1] ?? "");

async function observe(): Promise<object> {
  await network.start();
  await loadImage(socket, await exampleArchive());
  const pods: TestPod[] = [];
  for (const name of ["a-0", "a-1", "a-2"]) pods.push(await startPod(name));
  const endpoints = pods.map((pod) => ({ addresses: [pod.ip], hostname: pod.name, conditions: { ready: true } }));
  const services = byName(service("web", { clusterIP: "10.100.0.20" }), service("a", { clusterIP: "None" }));
  await network.apply({ services, endpointSlices: byName(slice("web", endpoints), slice("a", endpoints)), pods: new Map() });
  const [first] = pods;
  if (!first) throw new Error("no pod");
  return {
    byShortName: namesIn(await inPod(first, "get", "http://web/", "6")),
    byNamespace: namesIn(await inPod(first, "get", "http://web.default/")),
    byFullName: namesIn(await inPod(first, "get", "http://web.default.svc.cluster.local./")),
    byAddress: namesIn(await inPod(first, "get", "http://10.100.0.20/")),
    statefulPods: namesIn((await Promise.all(pods.map((pod) => inPod(first, "get", `http://${pod.name}.a:8080/`)))).join("")),
    headless: new Set((await inPod(first, "getent", "ahostsv4", "a")).match(/^\S+/gm)).size,
    unknown: await inPod(first, "get", "http://nothing/"),
  };
}

try {
  stdout.write(`${JSON.stringify(await observe())}\n`);
} finally {
  runtime.close();
  await network.stop();
  await removeNode(stateDir);
}
