/** kubectl as it is against the whole control plane; nodes are hollow, so that no container is in the way. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { useCluster } from "./harness/use-cluster.ts";
import { useHollowNodes } from "./harness/use-hollow-nodes.ts";

const use = useCluster("--no-agent", "--no-example");
useHollowNodes(use, 3);
const kubectl = (args: string | string[], input?: string) => use.current.kubectl(args, input === undefined ? {} : { input });
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kedge-e2e-files-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

describe("discovery", () => {
  it("tells version, cluster and kinds", async () => {
    expect(await kubectl("version")).toMatch(/Server Version: v1\.35\./);
    expect(await kubectl("cluster-info")).toContain(`is running at ${use.current.server}`);
    const kinds = await kubectl("api-resources --no-headers");
    const wanted = "Namespace Pod Service Endpoints EndpointSlice ConfigMap Secret ServiceAccount Node Event Lease Deployment ReplicaSet StatefulSet ControllerRevision";
    for (const kind of wanted.split(" ")) expect(kinds).toMatch(new RegExp(`\\b${kind}\\b`));
    expect(await kubectl("explain deployment.spec.strategy")).toContain("rollingUpdate");
  });

  it("answers probes", async () => {
    for (const probe of ["livez", "readyz"]) expect(await kubectl(`get --raw /${probe}`)).toContain("ok");
  });
});

describe("objects", () => {
  it("are created, read in every format, changed and deleted", async () => {
    await kubectl("create configmap settings --from-literal=color=blue");
    expect(await kubectl("get configmap settings -o name")).toBe("configmap/settings\n");
    expect(await kubectl("get cm settings -o jsonpath={.data.color}")).toBe("blue");
    expect(await kubectl("get cm settings -o yaml")).toContain("color: blue");
    expect(JSON.parse(await kubectl("get cm settings -o json")).data).toEqual({ color: "blue" });
    expect(await kubectl("get cm settings -o wide")).toMatch(/NAME\s+DATA\s+AGE\nsettings\s+1 /);
    expect(await kubectl("describe cm settings")).toMatch(/color:\n----\nblue/);
    expect(await kubectl("delete cm settings")).toContain('configmap "settings" deleted');
    expect(await use.current.kubectlFails("get cm settings")).toContain('configmaps "settings" not found');
  });

  it("keep secrets readable to the admin and sealed on disk", async () => {
    await kubectl("create secret generic password --from-literal=word=correct-horse-battery");
    const word = await kubectl("get secret password -o jsonpath={.data.word}");
    expect(Buffer.from(word, "base64").toString()).toBe("correct-horse-battery");
  });

  it("take JSON, merge and strategic-merge patches", async () => {
    await kubectl("apply -f -", deploymentManifest({ name: "patched", replicas: 0 }));
    await kubectl(["patch", "deployment", "patched", "--type=json", "-p", '[{"op":"add","path":"/metadata/labels","value":{"by":"json"}}]']);
    await kubectl(["patch", "deployment", "patched", "--type=merge", "-p", '{"metadata":{"labels":{"also":"merge"}}}']);
    const sidecar = '{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"sidecar:1"}]}}}}';
    await kubectl(["patch", "deployment", "patched", "-p", sidecar]);
    const { metadata, spec } = JSON.parse(await kubectl("get deployment patched -o json"));
    expect(metadata.labels).toEqual({ by: "json", also: "merge" });
    expect(spec.template.spec.containers.map((container: { name: string }) => container.name)).toEqual(["sidecar", "app"]);
    await kubectl("delete deployment patched");
  });

  it("are applied, compared, replaced and edited", async () => {
    const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  key: one\n";
    expect(await use.current.apply(manifest)).toBe("configmap/applied created\n");
    expect(await use.current.apply(manifest)).toBe("configmap/applied unchanged\n");
    const changed = file("changed.yaml", manifest.replace("one", "two"));
    const diff = await use.current.try(["diff", "-f", changed]);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/-\s+key: one\n\+\s+key: two/);
    expect(await kubectl(["apply", "-f", changed])).toBe("configmap/applied configured\n");
    await kubectl(["replace", "-f", file("replaced.yaml", manifest.replace("one", "three"))]);
    expect(await kubectl("get cm applied -o jsonpath={.data.key}")).toBe("three");
    const editor = file("editor.sh", "#!/bin/sh\nsed -i s/three/four/ \"$1\"\n", 0o755);
    await use.current.kubectl("edit cm applied", { env: { KUBE_EDITOR: editor } });
    expect(await kubectl("get cm applied -o jsonpath={.data.key}")).toBe("four");
    await kubectl("delete cm applied");
  });

  it("are found by label, by field and in all namespaces", async () => {
    await kubectl("create namespace elsewhere");
    await kubectl("create cm one -n elsewhere");
    await kubectl("label cm one -n elsewhere tier=front");
    await kubectl("annotate cm one -n elsewhere note=hello");
    expect(await kubectl("get cm -A -l tier=front -o name")).toBe("configmap/one\n");
    expect(await kubectl("get cm -A -l tier!=front,tier -o name")).toBe("");
    expect(await kubectl("get cm -n elsewhere --field-selector metadata.name=one -o name")).toBe("configmap/one\n");
    expect(await kubectl("get cm one -n elsewhere -o jsonpath={.metadata.annotations.note}")).toBe("hello");
    await kubectl("delete namespace elsewhere");
    expect(await use.current.kubectlFails("get namespace elsewhere")).toContain("not found");
  });

  it("are only looked at in a dry run", async () => {
    expect(await kubectl("create cm dry --dry-run=server -o jsonpath={.metadata.name}")).toBe("dry");
    expect(await kubectl("get cm dry --ignore-not-found")).toBe("");
  });

  it("are watched", async () => {
    const watching = use.current.kubectl("get cm -w --request-timeout=5s -o name");
    await kubectl("create cm watched");
    expect(await watching.catch(String)).toContain("configmap/watched");
    await kubectl("delete cm watched");
  });
});

describe("workloads", () => {
  it("are rolled out, looked back on and undone", async () => {
    await use.current.apply(deploymentManifest({ name: "web", replicas: 3 }));
    expect(await kubectl("rollout status deployment/web --timeout=60s")).toContain('"web" successfully rolled out');
    expect(await kubectl("get deployment web")).toMatch(/web\s+3\/3\s+3\s+3/);
    await kubectl("set image deployment/web app=my-app-image:2.0");
    await kubectl("rollout status deployment/web --timeout=60s");
    expect(await image("web")).toBe("my-app-image:2.0");
    expect(await kubectl("rollout history deployment/web")).toMatch(/1 .*\n2 /);
    await kubectl("rollout undo deployment/web");
    await kubectl("rollout status deployment/web --timeout=60s");
    expect(await image("web")).toBe("my-app-image:1.0");
    await eventually(async () => expect(await kubectl("get pods -l app=web --no-headers")).toMatch(/^(web-\S+\s+1\/1\s+Running.*\n){3}$/));
  });

  it("are paused, resumed, restarted and scaled", async () => {
    await kubectl("rollout pause deployment/web");
    await kubectl("set env deployment/web COLOR=green");
    expect(await kubectl("get deployment web")).toMatch(/web\s+3\/3\s+0\s+3/);
    await kubectl("rollout resume deployment/web");
    await kubectl("rollout status deployment/web --timeout=60s");
    await kubectl("rollout restart deployment/web");
    await kubectl("rollout status deployment/web --timeout=60s");
    await kubectl("scale deployment/web --replicas=5");
    await kubectl("wait deployment/web --for=jsonpath={.status.readyReplicas}=5 --timeout=60s");
    await kubectl("scale deployment/web --replicas=1");
    await eventually(async () => expect(await kubectl("get pods -l app=web --no-headers")).toMatch(/^web-\S+\s+1\/1\s+Running.*\n$/));
  });

  it("are exposed and described", async () => {
    await kubectl("expose deployment web --port=80 --target-port=8080");
    await eventually(async () => expect(await kubectl("get endpoints web")).toMatch(/web\s+\S+:8080/));
    expect(await kubectl("get endpointslices -l kubernetes.io/service-name=web --no-headers")).toMatch(/IPv4\s+8080/);
    expect(await kubectl("describe service web")).toMatch(/Endpoints:\s+\S+:8080/);
    expect(await kubectl("describe deployment web")).toMatch(/ScalingReplicaSet/);
    expect(await kubectl("events --for deployment/web")).toMatch(/ScalingReplicaSet/);
    const pod = (await kubectl("get pods -l app=web -o name")).trim();
    expect(await kubectl(["describe", pod])).toMatch(/Successfully assigned default\/web-\S+ to hollow-/);
  });

  it("replace a pod that was deleted by hand", async () => {
    const before = await kubectl("get pods -l app=web -o name");
    await kubectl(["delete", before.trim(), "--wait=false"]);
    await eventually(async () => {
      const after = await kubectl("get pods -l app=web --no-headers");
      expect(after).toMatch(/^web-\S+\s+1\/1\s+Running.*\n$/);
      expect(after).not.toContain(before.trim().slice("pod/".length));
    });
  });

  it("go with all that they own, or leave it when asked", async () => {
    await kubectl("delete deployment web --cascade=orphan");
    expect(await kubectl("get rs -l app=web -o name")).toContain("replicaset.apps/web-");
    await kubectl("delete rs -l app=web --cascade=foreground");
    await eventually(async () => expect(await kubectl("get pods -l app=web -o name")).toBe(""));
    await kubectl("delete service web");
  });

  it("have stable names as a StatefulSet", async () => {
    const manifest = deploymentManifest({ name: "db", replicas: 3 }).replace("kind: Deployment", "kind: StatefulSet").replace("  replicas: 3", "  serviceName: db\n  replicas: 3");
    await use.current.apply(manifest);
    await kubectl("rollout status statefulset/db --timeout=60s");
    expect(await kubectl("get pods -l app=db -o name")).toBe("pod/db-0\npod/db-1\npod/db-2\n");
    await kubectl("scale statefulset/db --replicas=1");
    await eventually(async () => expect(await kubectl("get pods -l app=db -o name")).toBe("pod/db-0\n"));
    await kubectl("set image statefulset/db app=my-app-image:2.0");
    await kubectl("rollout status statefulset/db --timeout=60s");
    await kubectl("rollout undo statefulset/db");
    await kubectl("rollout status statefulset/db --timeout=60s");
    expect(await kubectl("get pod db-0 -o jsonpath={.spec.containers[0].image}")).toBe("my-app-image:1.0");
    await kubectl("delete statefulset db");
  });

  it("avoid a cordoned node, and say why nothing fits", async () => {
    await kubectl("cordon hollow-0 hollow-1 hollow-2");
    expect(await kubectl("get node hollow-0")).toContain("SchedulingDisabled");
    await kubectl("run lonely --image=my-app-image:1.0");
    await eventually(async () => expect(await kubectl("describe pod lonely")).toMatch(/0\/3 nodes are available: 3 node\(s\) were unschedulable/));
    await kubectl("uncordon hollow-1");
    await kubectl("wait pod/lonely --for=condition=Ready --timeout=60s");
    expect(await kubectl("get pod lonely -o wide")).toContain("hollow-1");
    await kubectl("delete pod lonely");
    await kubectl("uncordon hollow-0 hollow-2");
  });
});

async function image(deployment: string): Promise<string> {
  return kubectl(`get deployment ${deployment} -o jsonpath={.spec.template.spec.containers[0].image}`);
}
