import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../../protocol/kubernetes/object.ts";
import { planner } from "../../planner.ts";
import { resourceOf } from "../../../resources/registry.ts";
import { admitted, contextWith, pod, refusal } from "../testing.ts";

const prefix = "pod-security.kubernetes.io/";
const within = (labels: Record<string, string>) =>
  contextWith({ namespaces: [{ metadata: { name: "default", labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [prefix + key, value])) } }] });

const container = (securityContext: object, more: object = {}) => pod({ containers: [{ name: "c", image: "app:1", securityContext, ...more }] });
const safe = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };

describe("a namespace that enforces baseline", () => {
  const baseline = within({ enforce: "baseline" });
  test.each([
    ["a privileged container", container({ privileged: true }), 'privileged (container "c" must not set securityContext.privileged=true)'],
    ["namespaces of the host", pod({ hostNetwork: true, hostPID: true }), "host namespaces (hostNetwork=true, hostPID=true)"],
    ["a path of the host", pod({ volumes: [{ name: "v", hostPath: { path: "/" } }] }), 'hostPath volumes (volume "v")'],
    ["a port of the host", container({}, { ports: [{ containerPort: 80, hostPort: 80 }] }), 'hostPort (container "c" uses hostPort 80)'],
    ["a capability", container({ capabilities: { add: ["SYS_ADMIN", "CHOWN"] } }), 'non-default capabilities (container "c" must not include "SYS_ADMIN" in securityContext.capabilities.add)'],
    ["no seccomp", pod({ securityContext: { seccompProfile: { type: "Unconfined" } } }), 'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'],
    ["a sysctl", pod({ securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }), "forbidden sysctls (kernel.msgmax)"],
    ["a host in a probe", container({}, { livenessProbe: { httpGet: { port: 80, host: "10.0.0.1" } } }), 'probe or lifecycle host (container "c" uses probe or lifecycle host "10.0.0.1")'],
    ["SELinux options", container({ seLinuxOptions: { type: "spc_t", user: "root" } }), 'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)'],
    ["an unmasked /proc", container({ procMount: "Unmasked" }), 'procMount (container "c" must not set securityContext.procMount to "Unmasked")'],
    ["a process of the host", pod({ securityContext: { windowsOptions: { hostProcess: true } } }), "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)"],
    ["no AppArmor", container({ appArmorProfile: { type: "Unconfined" } }), 'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")'],
  ])("refuses %s", (_, object, why) => {
    expect(refusal(() => admitted(object, baseline))).toContain(`403 pods "x" is forbidden: violates PodSecurity "baseline:latest": ${why}`);
  });

  test("lets an ordinary pod pass", () => {
    expect(refusal(() => admitted(pod(), baseline))).toBe("not refused");
  });
});

describe("a namespace that enforces restricted", () => {
  const restricted = within({ enforce: "restricted" });

  test("says everything that is missing", () => {
    expect(refusal(() => admitted(pod(), restricted))).toBe(
      '403 pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
  });

  test.each([
    ["root", container({ ...safe, runAsUser: 0 }), 'runAsUser=0 (container "c" must not set runAsUser=0)'],
    ["a volume", pod({ containers: [{ name: "c", image: "a", securityContext: safe }], volumes: [{ name: "v", nfs: { server: "s", path: "/" } }] }), 'restricted volume types (volume "v" uses restricted volume type "nfs")'],
  ])("refuses %s", (_, object, why) => {
    expect(refusal(() => admitted(object, restricted))).toBe(`403 pods "x" is forbidden: violates PodSecurity "restricted:latest": ${why}`);
  });

  test("lets a careful pod pass", () => {
    expect(refusal(() => admitted(container(safe), restricted))).toBe("not refused");
  });
});

describe("what a namespace only warns of", () => {
  const warned = (object: KubernetesObject) => planner.create(resourceOf(object)!, object, within({ warn: "restricted", "warn-version": "v1.24" })).warnings;
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d", namespace: "default" }, spec: { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: pod().spec } } };

  test.each([["a pod", pod()], ["a workload's template", deployment]])("is said of %s", (_, object) => {
    expect(warned(object).at(-1)).toMatch(/^would violate PodSecurity "restricted:v1.24": allowPrivilegeEscalation != false/);
  });
});

describe("a pod's update", () => {
  const old = { ...pod(), metadata: { name: "x", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" } };
  const privileged = { ...old, spec: admitted(container({ privileged: true })).spec };
  const update = (next: KubernetesObject) => () =>
    planner.update({ resource: resourceOf(next)!, current: structuredClone(privileged), next: structuredClone(next), context: within({ enforce: "baseline" }) });

  test("is looked at when an image changes", () => {
    const other = structuredClone(privileged) as typeof privileged & { spec: { containers: { image: string }[] } };
    other.spec.containers[0]!.image = "app:2";
    expect(refusal(update(other))).toContain("violates PodSecurity");
  });

  test("is not looked at when only labels change", () => {
    expect(refusal(update({ ...privileged, metadata: { ...privileged.metadata, labels: { a: "b" } } }))).toBe("not refused");
  });
});

test("a namespace's labels must name a level and a version", () => {
  const named = { apiVersion: "v1", kind: "Namespace", metadata: { name: "n", labels: { [`${prefix}enforce`]: "harsh", [`${prefix}warn-version`]: "1" } } };
  expect(refusal(() => admitted(named))).toBe(
    '422 Namespace "n" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "harsh": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1": must be "latest" or "v1.x"]',
  );
});
