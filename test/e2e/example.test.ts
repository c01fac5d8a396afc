/** The whole thing as a user meets it: npm start, the example, and everything that can go wrong with it. */
import { describe, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { agentPid, ask, askTimes, killContainer } from "./harness/node.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster();
const kubectl = (args: string | string[]) => use.current.kubectl(args);
const behindService = "-l app=my-app";
const serviceIp = () => kubectl("get service my-app-service -o jsonpath={.spec.clusterIP}");
const containerIds = () => kubectl(`get pods ${behindService} -o jsonpath={range.items[*]}{.status.containerStatuses[0].containerID}{"\\n"}{end}`);

async function readyPods(count: number): Promise<string[]> {
  return eventually(
    async () => {
      const rows = (await kubectl(`get pods ${behindService} --no-headers`)).trim().split("\n");
      expect(rows.map((row) => row.split(/\s+/).slice(1, 3).join(" "))).toEqual(Array(count).fill("1/1 Running"));
      return rows.map((row) => row.split(/\s+/)[0] ?? "");
    },
    { timeoutMs: 60_000 },
  );
}

/** Every pod of the Service answers, each once in every round, always in the same order. */
async function expectRotation(pods: string[]): Promise<void> {
  const address = await serviceIp();
  await eventually(async () => {
    const answers = await askTimes(pods.length * 2, address);
    const round = answers.slice(0, pods.length);
    expect([...round].sort()).toEqual([...pods].sort());
    expect(answers.slice(pods.length)).toEqual(round);
  });
}

describe("the example", () => {
  it("gets ready by itself, and what to try next is printed", async () => {
    await eventually(() => expect(use.current.log).toMatch(/all \d+ pods are ready/), { timeoutMs: 90_000 });
    expect(use.current.log).toContain("npm run -s kubectl -- get pods");
    expect(await kubectl("get deployment,replicaset,statefulset --no-headers")).toMatch(/deployment\.apps\/my-app-deployment\s+3\/3/);
  });

  it("spreads requests in strict turns over the nine pods, by cluster IP and by name", async () => {
    const pods = await readyPods(9);
    await expectRotation(pods);
    const output = await kubectl("exec my-app -- /bin/get http://my-app-service.default.svc.cluster.local/ 18");
    const answers = [...output.matchAll(/"pod":"([^"]+)"/g)].map((match) => match[1]);
    expect(answers).toHaveLength(18);
    expect(answers.slice(9)).toEqual(answers.slice(0, 9));
    expect(new Set(answers)).toEqual(new Set(pods));
  });

  it("lets three controllers share a selector without taking each other's pods", async () => {
    const owners = await kubectl(`get pods ${behindService} -o jsonpath={range.items[*]}{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}{"\\n"}{end}`);
    const counts = Map.groupBy(owners.trim().split("\n"), (owner) => owner.replace(/deployment-.*/, "deployment"));
    expect([...counts.values()].map((list) => list.length)).toEqual([3, 3, 3]);
  });
});

describe("changes", () => {
  const version = async (podPrefix: string) => {
    const address = await serviceIp();
    const answers = await Promise.all(Array.from({ length: 18 }, () => ask(address)));
    return new Set(answers.filter(({ pod }) => pod.startsWith(podPrefix)).map((answer) => answer.version));
  };

  it("are rolled out and undone", async () => {
    await kubectl("set image deployment/my-app-deployment *=my-app-image:2.0");
    await kubectl("rollout status deployment/my-app-deployment --timeout=60s");
    await readyPods(9);
    await eventually(async () => expect(await version("my-app-deployment")).toEqual(new Set(["2.0"])));
    await kubectl("rollout undo deployment/my-app-deployment");
    await kubectl("rollout status deployment/my-app-deployment --timeout=60s");
    await readyPods(9);
    await eventually(async () => expect(await version("my-app-deployment")).toEqual(new Set(["1.0"])));
  });

  it("of scale are followed by the Service", async () => {
    await kubectl("scale deployment/my-app-deployment --replicas=5");
    await expectRotation(await readyPods(11));
    await kubectl("scale deployment/my-app-deployment --replicas=1");
    await expectRotation(await readyPods(7));
    await kubectl("scale deployment/my-app-deployment --replicas=3");
    await readyPods(9);
  });
});

describe("faults", () => {
  it("a killed container is started again in its pod", async () => {
    const id = await kubectl("get pod my-stateful-set-0 -o jsonpath={.status.containerStatuses[0].containerID}");
    killContainer(use.current, id);
    await eventually(async () => expect(await kubectl("get pod my-stateful-set-0 --no-headers")).toMatch(/1\/1\s+Running\s+1 /));
    expect(await kubectl("get pod my-stateful-set-0 -o jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}")).toBe("137");
  });

  it("a pod deleted by hand is replaced", async () => {
    const [victim = ""] = await readyPods(9);
    await kubectl(["delete", "pod", victim]);
    expect(await readyPods(9)).not.toContain(victim);
    await expectRotation(await readyPods(9));
  });

  it("an agent that is killed comes back and adopts what runs", async () => {
    const before = await containerIds();
    const killed = agentPid(use.current);
    process.kill(killed, "SIGKILL");
    await eventually(() => expect(agentPid(use.current)).not.toBe(killed));
    await kubectl("scale replicaset/my-app-replica-set --replicas=4");
    await readyPods(10);
    await kubectl("scale replicaset/my-app-replica-set --replicas=3");
    await readyPods(9);
    for (const id of (await containerIds()).trim().split("\n")) expect(before).toContain(id);
  });

  it("workerd killed in mid-rollout changes nothing about its end", async () => {
    await kubectl("set image deployment/my-app-deployment *=my-app-image:2.0");
    process.kill(use.current.workerdPid ?? 0, "SIGKILL");
    await eventually(() => kubectl("rollout status deployment/my-app-deployment --timeout=60s"), { timeoutMs: 60_000 });
    await expectRotation(await readyPods(9));
  });

  it("the parent killed leaves the pods alone, and the next start adopts them", async () => {
    const before = await containerIds();
    const address = await serviceIp();
    process.kill(use.current.supervisorPid ?? 0, "SIGKILL");
    await eventually(() => expect(use.current.workerdPid).toBeUndefined());
    expect(new Set(await askTimes(9, address)).size).toBe(9);
    await use.current.startAgain();
    await readyPods(9);
    expect(await containerIds()).toBe(before);
  });

  it("Ctrl-C leaves the pods alone, too", async () => {
    const before = await containerIds();
    const address = await serviceIp();
    await use.current.stop("SIGINT");
    expect(() => agentPid(use.current)).toThrow("no agent runs");
    expect(new Set(await askTimes(9, address)).size).toBe(9);
    await use.current.startAgain();
    await readyPods(9);
    expect(await containerIds()).toBe(before);
    await expectRotation(await readyPods(9));
  });

  it("a later start leaves alone what the user made of the example", async () => {
    await eventually(() => expect(use.current.log).toContain("the example was applied at the first start and is left as it is now"));
    expect(await kubectl("get deployment/my-app-deployment -o jsonpath={.spec.template.spec.containers[0].image}")).toBe("my-app-image:2.0");
  });
});
