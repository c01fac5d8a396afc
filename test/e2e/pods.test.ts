/** What a pod can have, on real containers, as its user sees it. */
import { connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { toolPath } from "../../worker/local/tools.ts";
import { eventually } from "./harness/eventually.ts";
import { ask } from "./harness/node.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-example");
const kubectl = (args: string | string[], input?: string) => use.current.kubectl(args, input === undefined ? {} : { input });
const inPod = (pod: string, ...command: string[]) => kubectl(["exec", pod, "--", ...command]);

beforeAll(async () => {
  await eventually(async () => expect(await kubectl("get nodes --no-headers")).toMatch(/ Ready /), { timeoutMs: 60_000 });
  expect((await use.current.command("load", "--example")).stdout).toContain("my-app-image:1.0");
});

/** A pod from YAML lines of its spec, at two spaces; waits until it is ready unless told otherwise. */
async function runPod(name: string, spec: string, wait: "ready" | "created" = "ready"): Promise<void> {
  await use.current.apply(`apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  labels:\n    app: ${name}\nspec:\n  terminationGracePeriodSeconds: 1\n${spec}`);
  if (wait === "ready") await kubectl(`wait pod/${name} --for=condition=Ready --timeout=60s`);
}

const shell = (script: string) => `  containers:\n  - name: app\n    image: my-app-image:1.0\n    command: [sh, -c, ${JSON.stringify(script)}]\n`;
const server = "  containers:\n  - name: app\n    image: my-app-image:1.0\n";

describe("exec", () => {
  beforeAll(() => runPod("shell", shell("exec sleep 3600")));

  it("gives output, errors and the exit code", async () => {
    const { code, stdout, stderr } = await use.current.try(["exec", "shell", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "out\n" });
    expect(stderr).toContain("err");
  });

  it("takes standard input to its end", async () => {
    const input = "line\n".repeat(50_000);
    expect(await kubectl(["exec", "-i", "shell", "--", "cat"], input)).toBe(input);
  });

  it("offers a terminal", async () => {
    const command = `${toolPath("kubectl")} exec -it shell -- sh -c 'test -t 0 && test -t 1 && echo terminal'`;
    const child = spawn("script", ["-qec", command, "/dev/null"], { env: { ...process.env, KUBECONFIG: use.current.kubeconfig }, stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => expect(output).toContain("terminal"));
    child.kill();
  });

  it("says what is wrong with a command that is not there", async () => {
    expect(await use.current.kubectlFails("exec shell -- nothing")).toMatch(/executable file not found|no such file/);
  });
});

describe("logs", () => {
  it("are followed, cut and filtered", async () => {
    await runPod("talker", shell("for i in 1 2 3 4 5; do echo line $i; done; sleep 1; echo last; exec sleep 3600"));
    const following = use.current.kubectl("logs -f talker --request-timeout=4s").catch(String);
    expect(await kubectl("logs talker --tail=2")).toMatch(/^(line 4\nline 5|line 5\nlast)\n$/);
    expect(await following).toContain("line 1\nline 2\nline 3\nline 4\nline 5\nlast\n");
    expect(await kubectl("logs talker --since=1h")).toContain("line 1");
    expect(await kubectl("logs talker --timestamps --tail=1")).toMatch(/^\d{4}-\d\d-\d\dT\S+Z last\n$/);
  });

  it("of the container before are kept", async () => {
    await runPod("failing", shell("echo attempt; exit 1"), "created");
    await eventually(async () => expect(await kubectl("logs failing --previous")).toBe("attempt\n"), { timeoutMs: 60_000 });
    await eventually(async () => expect(await kubectl("get pod failing --no-headers")).toMatch(/CrashLoopBackOff|Error/), { timeoutMs: 60_000 });
    await kubectl("delete pod failing --wait=false");
  });
});

describe("port-forward", () => {
  it("reaches the pod's port", async () => {
    await runPod("web", server);
    const child = spawn(toolPath("kubectl"), ["port-forward", "pod/web", ":8080"], { env: { ...process.env, KUBECONFIG: use.current.kubeconfig } });
    try {
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      const port = await eventually(() => {
        const found = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
        if (found === undefined) throw new Error("kubectl port-forward does not listen yet");
        return Number(found);
      });
      for (let count = 0; count < 3; count++) expect((await ask("127.0.0.1", port)).pod).toBe("web");
    } finally {
      child.kill();
    }
  });
});

describe("environment and volumes", () => {
  it("come from values, the pod, ConfigMaps and Secrets", async () => {
    await kubectl("create configmap settings --from-literal=color=blue --from-literal=size=9");
    await kubectl("create secret generic keys --from-literal=word=sesame");
    await runPod(
      "configured",
      `${shell("exec sleep 3600")}    env:
    - {name: PLAIN, value: "a $(NODE) b"}
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: WORD, valueFrom: {secretKeyRef: {name: keys, key: word}}}
    envFrom:
    - configMapRef: {name: settings}
    volumeMounts:
    - {name: settings, mountPath: /settings}
    - {name: keys, mountPath: /keys}
    - {name: scratch, mountPath: /scratch}
    - {name: host, mountPath: /host}
  volumes:
  - name: settings
    configMap: {name: settings}
  - name: keys
    secret: {secretName: keys, defaultMode: 0400}
  - name: scratch
    emptyDir: {}
  - name: host
    hostPath: {path: /etc}
`,
    );
    const environment = await inPod("configured", "env");
    for (const line of ["color=blue", "size=9", "WORD=sesame"]) expect(environment).toContain(`${line}\n`);
    expect(environment).toMatch(/NODE=\S+\n/);
    expect(environment).toMatch(/IP=10\.\d+\.\d+\.\d+\n/);
    expect(await inPod("configured", "cat", "/settings/color", "/keys/word")).toBe("bluesesame");
    expect(await inPod("configured", "ls", "-lL", "/keys/word")).toMatch(/^-r--------/);
    expect(await inPod("configured", "sh", "-c", "echo kept > /scratch/file; cat /scratch/file")).toBe("kept\n");
    expect(await inPod("configured", "cat", "/host/hostname")).toBe(readFileSync("/etc/hostname", "utf8"));
  });

  it("follow a ConfigMap that changes", async () => {
    await kubectl(["patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"color":"green"}}']);
    await eventually(async () => expect(await inPod("configured", "cat", "/settings/color")).toBe("green"), { timeoutMs: 90_000 });
  });

  it("make a pod wait for a ConfigMap that is not there", async () => {
    await runPod("waiting", `${shell("exec sleep 3600")}    envFrom:\n    - configMapRef: {name: later}\n`, "created");
    await eventually(async () => expect(await kubectl("get pod waiting --no-headers")).toContain("CreateContainerConfigError"));
    expect(await kubectl("describe pod waiting")).toContain('configmap "later" not found');
    await kubectl("create configmap later --from-literal=A=b");
    await kubectl("wait pod/waiting --for=condition=Ready --timeout=60s");
  });
});

describe("containers", () => {
  it("start after the init containers, in order", async () => {
    const init = (name: string, script: string) => `  - name: ${name}\n    image: my-app-image:1.0\n    command: [sh, -c, ${JSON.stringify(script)}]\n    volumeMounts: [{name: shared, mountPath: /shared}]\n`;
    const inits = `  initContainers:\n${init("first", "echo first > /shared/log")}${init("second", "echo second >> /shared/log")}`;
    const app = `${shell("exec sleep 3600")}    volumeMounts: [{name: shared, mountPath: /shared}]\n`;
    await runPod("prepared", `${inits}${app}  volumes: [{name: shared, emptyDir: {}}]\n`);
    expect(await inPod("prepared", "cat", "/shared/log")).toBe("first\nsecond\n");
    expect(await kubectl("get pod prepared -o jsonpath={.status.initContainerStatuses[*].state.terminated.reason}")).toBe("Completed Completed");
  });

  it("end for good when they are not to be restarted", async () => {
    await runPod("once", `  restartPolicy: Never\n${shell("exit 4")}`, "created");
    await eventually(async () => expect(await kubectl("get pod once -o jsonpath={.status.phase}/{.status.containerStatuses[0].state.terminated.exitCode}")).toBe("Failed/4"));
    await runPod("done", `  restartPolicy: OnFailure\n${shell("exit 0")}`, "created");
    await eventually(async () => expect(await kubectl("get pod done --no-headers")).toMatch(/0\/1\s+Completed\s+0 /));
  });

  it("are held to their limits", async () => {
    await runPod("limited", `${shell("exec sleep 3600")}    resources: {limits: {memory: 64Mi, cpu: 250m}}\n`);
    expect(await kubectl("get pod limited -o jsonpath={.status.qosClass}")).toBe("Guaranteed");
    const hungry = '$x = "x" x (200 * 1024 * 1024); sleep 60';
    await runPod("hungry", `  restartPolicy: Never\n  containers:\n  - name: app\n    image: my-app-image:1.0\n    command: [perl, -e, ${JSON.stringify(hungry)}]\n    resources: {limits: {memory: 32Mi}}\n`, "created");
    const end = "get pod hungry -o jsonpath={.status.containerStatuses[0].state.terminated.reason}/{.status.containerStatuses[0].state.terminated.exitCode}";
    await eventually(async () => expect(await kubectl(end)).toBe("OOMKilled/137"));
  });

  it("whose image cannot be had say so", async () => {
    await runPod("imageless", "  containers:\n  - name: app\n    image: localhost:1/nothing:1\n", "created");
    await eventually(async () => expect(await kubectl("get pod imageless --no-headers")).toMatch(/ErrImagePull|ImagePullBackOff/), { timeoutMs: 60_000 });
    expect(await kubectl("describe pod imageless")).toMatch(/Failed to pull image "localhost:1\/nothing:1"/);
    await kubectl("delete pod imageless --wait=false");
  });

  it("get the time to end that their pod grants", async () => {
    const manifest = shell("trap 'echo ending; sleep 1; echo ended; exit 0' TERM; echo up; while true; do sleep 0.1; done");
    await runPod("graceful", manifest);
    const following = use.current.try(["logs", "-f", "graceful"], { timeoutMs: 20_000 });
    await eventually(async () => expect(await kubectl("logs graceful")).toContain("up"));
    await kubectl("delete pod graceful --grace-period=10");
    expect((await following).stdout).toContain("ending\nended\n");
  });
});

describe("probes", () => {
  const probe = (kind: string, command: string) => `    ${kind}: {exec: {command: [sh, -c, ${JSON.stringify(command)}]}, periodSeconds: 1, failureThreshold: 1}\n`;

  it("restart what is not alive", async () => {
    await runPod("sick", `${shell("touch /tmp/well; exec sleep 3600")}${probe("livenessProbe", "test -e /tmp/well")}`);
    await inPod("sick", "rm", "/tmp/well");
    await eventually(async () => expect(await kubectl("get pod sick --no-headers")).toMatch(/1\/1\s+Running\s+1 /), { timeoutMs: 60_000 });
    expect(await kubectl("events --for pod/sick")).toMatch(/Liveness probe failed/);
  });

  it("keep what is not ready out of the Service", async () => {
    await runPod("shy", `${server}    readinessProbe: {exec: {command: [sh, -c, "test -e /tmp/ready"]}, periodSeconds: 1}\n`, "created");
    await kubectl("expose pod shy --port=80 --target-port=8080");
    await eventually(async () => expect(await kubectl("get pod shy --no-headers")).toMatch(/0\/1\s+Running/));
    expect(await kubectl("get endpoints shy -o jsonpath={.subsets[*].addresses}")).toBe("");
    await inPod("shy", "touch", "/tmp/ready");
    await kubectl("wait pod/shy --for=condition=Ready --timeout=30s");
    const address = await kubectl("get service shy -o jsonpath={.spec.clusterIP}");
    await eventually(async () => expect((await ask(address)).pod).toBe("shy"));
  });

  it("ask by HTTP and TCP, and wait for a slow start", async () => {
    const http = "    livenessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}\n    readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}\n";
    await runPod("probed", `${server}${http}    startupProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, failureThreshold: 30}\n`);
    expect(await kubectl("get pod probed -o jsonpath={.status.containerStatuses[0].started}")).toBe("true");
  });
});

describe("the host", () => {
  it("lends a port to a pod", async () => {
    await runPod("hosted", `${server}    ports: [{containerPort: 8080, hostPort: 28080}]\n`);
    const address = await kubectl("get pod hosted -o jsonpath={.status.hostIP}");
    await eventually(async () => expect((await ask(address, 28080)).pod).toBe("hosted"));
    await runPod("second", `${server}    ports: [{containerPort: 8080, hostPort: 28080}]\n`, "created");
    await eventually(async () => expect(await kubectl("describe pod second")).toContain("didn't have free ports for the requested pod ports"));
  });

  it("is not reachable for forwarding through another's name", async () => {
    expect(await use.current.kubectlFails("exec nobody -- true")).toContain('pods "nobody" not found');
  });
});

describe("the API on loopback", () => {
  it("does not listen elsewhere", async () => {
    const { hostname, port } = new URL(use.current.server);
    expect(hostname).toBe("127.0.0.1");
    const node = await kubectl("get nodes -o jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}");
    await expect(
      new Promise((resolve, reject) => connect({ host: node, port: Number(port) }, () => resolve("connected")).once("error", reject)),
    ).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
