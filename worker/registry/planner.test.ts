import { describe, expect, test } from "vitest";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { configMaps } from "../resources/core/config-maps.ts";
import { deployments } from "../resources/apps/deployments.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { pods } from "../resources/core/pods.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import { services } from "../resources/core/services.ts";
import { planner } from "./planner.ts";
import type { DeleteOptions, Planned } from "./registry.ts";
import { objectOf } from "./text.ts";
import { noSettings } from "../settings/settings.ts";

let uids = 0;
const now = Date.parse("2026-01-02T03:04:05.678Z");
const context: RequestContext = {
  now,
  newUid: () => `uid-${(uids += 1)}`,
  randomSuffix: (length) => "xyz42b".slice(0, length),
  user: { name: "somebody", groups: [] },
  config: { serviceCidr: "10.96.0.0/16", clusterCidr: "10.244.0.0/16", clusterDomain: "cluster.local" },
  settings: noSettings,
};

const inDefault = (name: string, rest: object = {}): KubernetesObject => ({ metadata: { name, namespace: "default" }, ...rest });
const podSpec = { containers: [{ name: "c", image: "example:1" }] };

/** What a reader gets after the plan was stored. */
function stored(resource: Resource, planned: Planned | undefined, revision = 1): Stored<KubernetesObject> {
  if (planned === undefined || planned.operation.verb === "delete") throw new Error("nothing was to be stored");
  return objectOf(resource, { text: planned.operation.text, revision });
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "not refused";
}

describe("create", () => {
  test("fills in what only the server says", () => {
    const { operation, object } = planner.create(configMaps, inDefault("a", { data: { k: "v" } }), context);
    expect(operation).toMatchObject({ verb: "create", key: "configmaps/default/a", requires: [{ key: "namespaces//default", is: "active" }] });
    expect(object.metadata).toMatchObject({ name: "a", creationTimestamp: "2026-01-02T03:04:05Z", uid: expect.stringMatching(/^uid-/) });
  });

  test("stores no version and no kind, and begins with the name", () => {
    const { operation } = planner.create(configMaps, { ...inDefault("a"), apiVersion: "v1", kind: "ConfigMap" }, context);
    expect(operation.verb === "create" && operation.text).toMatch(/^\{"metadata":\{"name":"a"/);
    expect(operation.verb === "create" && operation.text).not.toMatch(/apiVersion|resourceVersion|"kind"/);
  });

  test("makes a name of generateName and a suffix, within a label's length", () => {
    const named = (prefix: string) => planner.create(configMaps, { metadata: { generateName: prefix, namespace: "default" } }, context);
    expect(named("web-").object.metadata?.name).toBe("web-xyz42");
    expect(named("x".repeat(70)).object.metadata?.name).toHaveLength(63);
  });

  test("drops what clients may not set", () => {
    const metadata = { name: "a", namespace: "default", deletionTimestamp: "2020-01-01T00:00:00Z", generation: 7, managedFields: [] };
    const { object } = planner.create(deployments, { metadata, spec: deploymentSpec() }, context);
    expect(object.metadata).toMatchObject({ generation: 1 });
    expect(object.metadata).not.toHaveProperty("deletionTimestamp");
    expect(object.metadata).not.toHaveProperty("managedFields");
  });

  test.each<[string, Resource, KubernetesObject, string]>([
    ["without a name", configMaps, inDefault(""), '422 ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    ["without a namespace", configMaps, { metadata: { name: "a" } }, "400 Namespace parameter required."],
    ["with a resourceVersion", configMaps, { metadata: { name: "a", namespace: "x", resourceVersion: "1" } }, "400 resourceVersion should not be set on objects to be created"],
    ["a pod of a class that was not found", pods, inDefault("p", { spec: { ...podSpec, priorityClassName: "gold" } }), '403 pods "p" is forbidden: no PriorityClass with name gold was found'],
    ["a Service with an address from elsewhere", services, inDefault("s", { spec: { clusterIP: "1.2.3.4", ports: [{ port: 80 }] } }), '422 Service "s" is invalid: spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.96.0.0/16'],
    ["a Service of two families", services, inDefault("s", { spec: { ipFamilyPolicy: "RequireDualStack", ports: [{ port: 80 }] } }), '422 Service "s" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'],
    ["a Service of the other family", services, inDefault("s", { spec: { ipFamilies: ["IPv6"], ports: [{ port: 80 }] } }), '422 Service "s" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    ["a Service with a low node port", services, inDefault("s", { spec: { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] } }), '422 Service "s" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767'],
    ["with two controllers", configMaps, twoControllers(), '422 ConfigMap "a" is invalid: metadata.ownerReferences: Invalid value: "ownerReferences": Only one reference can have Controller set to true'],
  ])("refuses one %s", (_what, resource, object, message) => {
    expect(refusal(() => planner.create(resource, object, context))).toBe(message);
  });

  test("lets pods tolerate a lost node for five minutes, unless they say otherwise", () => {
    const own = { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 };
    const { object } = planner.create(pods, inDefault("p", { spec: { ...podSpec, tolerations: [own] } }), context);
    expect(object["spec"]).toMatchObject({ tolerations: [own, { key: "node.kubernetes.io/unreachable", tolerationSeconds: 300 }] });
  });

  test("gives a namespace its finalizer and its name as a label", () => {
    const { object } = planner.create(namespaces, { metadata: { name: "n" } }, context);
    expect(object).toMatchObject({
      metadata: { labels: { "kubernetes.io/metadata.name": "n" } },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    });
  });
});

function twoControllers(): KubernetesObject {
  const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "u", controller: true };
  return { metadata: { name: "a", namespace: "default", ownerReferences: [owner, { ...owner, uid: "v" }] } };
}

function deploymentSpec(): object {
  return { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: podSpec } };
}

describe("Services", () => {
  const service = (spec: object) => planner.create(services, inDefault("s", { spec: { ports: [{ port: 80 }], ...spec } }), context);

  test("get a cluster IP that is claimed, and known to be a pick", () => {
    const { object, operation, picked } = service({});
    const { clusterIP, clusterIPs } = object["spec"] as { clusterIP: string; clusterIPs: string[] };
    expect(clusterIP).toMatch(/^10\.96\.\d+\.\d+$/);
    expect(clusterIPs).toEqual([clusterIP]);
    expect(operation.verb === "create" && operation.claims).toEqual([{ kind: "clusterIP", value: clusterIP }]);
    expect(picked).toEqual([{ kind: "clusterIP", value: clusterIP }]);
  });

  test.each([
    ["the user's own address is kept, and is no pick", { clusterIP: "10.96.1.2" }, [{ kind: "clusterIP", value: "10.96.1.2" }], 0],
    ["headless holds nothing", { clusterIP: "None" }, [], 0],
    ["ExternalName holds nothing", { type: "ExternalName", externalName: "example.com" }, [], 0],
    ["the user's own node port is kept", { clusterIP: "10.96.1.3", type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] }, [{ kind: "clusterIP", value: "10.96.1.3" }, { kind: "nodePort", value: "30080" }], 0],
  ])("%s", (_what, spec, claims, picks) => {
    const { operation, picked } = service(spec);
    expect(operation.verb === "create" && operation.claims).toEqual(claims);
    expect(picked).toHaveLength(picks);
  });

  test("ports of one number and two protocols share a node port", () => {
    const { object } = service({ type: "NodePort", ports: [{ name: "t", port: 53, protocol: "TCP" }, { name: "u", port: 53, protocol: "UDP" }] });
    const [tcp, udp] = (object["spec"] as { ports: { nodePort: number }[] }).ports;
    expect(tcp?.nodePort).toBe(udp?.nodePort);
  });

  test("that become ClusterIP release their node ports", () => {
    const current = stored(services, service({ type: "NodePort" }));
    const next = structuredClone(current);
    next["spec"] = { ...(next["spec"] as object), type: "ClusterIP" };
    const planned = planner.update({ resource: services, current, next, context });
    expect(planned?.operation).toMatchObject({ claims: [], releases: [{ kind: "nodePort" }] });
    expect(JSON.stringify(planned?.object)).not.toContain("nodePort");
  });
});

describe("update", () => {
  const current = () => stored(configMaps, planner.create(configMaps, inDefault("a", { data: { k: "v" } }), context), 7);

  test("that changes nothing plans nothing, whatever the order of fields", () => {
    const { metadata, data } = current();
    expect(planner.update({ resource: configMaps, current: current(), next: { data, metadata: { name: metadata.name } }, context })).toBeUndefined();
  });

  test("expects the revision that was read", () => {
    const next = inDefault("a", { data: { k: "w" } });
    const { operation } = planner.update({ resource: configMaps, current: current(), next, context }) ?? {};
    expect(operation).toMatchObject({ verb: "update", expect: { revision: 7 } });
  });

  test.each([
    ["another resourceVersion", { resourceVersion: "6" }, /^409 .*the object has been modified/],
    ["another uid", { uid: "other" }, /^409 .*Precondition failed: UID in precondition: other/],
    ["another name", { name: "b" }, /^422 .*metadata.name: Invalid value: "b": field is immutable/],
  ])("refuses %s", (_what, metadata, message) => {
    const next = inDefault("a", { data: { k: "w" } });
    next.metadata = { ...next.metadata, ...metadata };
    expect(refusal(() => planner.update({ resource: configMaps, current: current(), next, context }))).toMatch(message);
  });

  test("counts the generation for the spec only", () => {
    const before = stored(deployments, planner.create(deployments, inDefault("d", { spec: deploymentSpec() }), context));
    const generation = (change: object, subresource?: string) => {
      const next = { ...structuredClone(before), ...change };
      return planner.update({ resource: deployments, current: before, next, context, ...(subresource ? { subresource } : {}) })?.object.metadata?.generation;
    };
    expect(generation({ spec: { ...(before["spec"] as object), replicas: 5 } })).toBe(2);
    expect(generation({ metadata: { ...before.metadata, labels: { x: "y" } } })).toBe(1);
    expect(generation({ status: { replicas: 3 } }, "status")).toBe(1);
  });

  test("the last finalizer's removal removes the object", () => {
    const held = marked({ metadata: { name: "a", namespace: "default", finalizers: ["example.com/x"] } });
    const next = structuredClone(held);
    next.metadata.finalizers = [];
    expect(planner.update({ resource: configMaps, current: held, next, context })?.operation.verb).toBe("delete");
  });

  test("a namespace goes when its own finalizer does", () => {
    const current = stored(namespaces, planner.create(namespaces, { metadata: { name: "n" } }, context));
    const deleting = stored(namespaces, planner.delete({ resource: namespaces, current, options: {}, context }), 2);
    expect(deleting["status"]).toMatchObject({ phase: "Terminating" });
    const next = { ...structuredClone(deleting), spec: {} };
    const finalized = planner.update({ resource: namespaces, current: deleting, next, subresource: "finalize", context });
    expect(finalized?.operation.verb).toBe("delete");
    expect(planner.update({ resource: namespaces, current: deleting, next: structuredClone(next), context })).toBeUndefined();
  });
});

function marked(object: KubernetesObject, options: DeleteOptions = {}): Stored<KubernetesObject> {
  const current = stored(configMaps, planner.create(configMaps, object, context));
  return stored(configMaps, planner.delete({ resource: configMaps, current, options, context }), 2);
}

describe("delete", () => {
  const map = (finalizers?: string[]) => ({ metadata: { name: "a", namespace: "default", ...(finalizers ? { finalizers } : {}) } });
  const planned = (object: KubernetesObject, options: DeleteOptions = {}) => {
    const current = stored(configMaps, planner.create(configMaps, object, context));
    return planner.delete({ resource: configMaps, current, options, context });
  };

  test("an object that nothing holds goes at once", () => {
    expect(planned(map())?.operation).toMatchObject({ verb: "delete", expect: { revision: 1 } });
  });

  test.each<[string, string[] | undefined, DeleteOptions, string[]]>([
    ["finalizers hold it", ["example.com/x"], {}, ["example.com/x"]],
    ["Foreground waits for dependents", undefined, { propagationPolicy: "Foreground" }, ["foregroundDeletion"]],
    ["Orphan waits until they are released", undefined, { propagationPolicy: "Orphan" }, ["orphan"]],
    ["Background takes back an earlier Orphan", ["orphan", "example.com/x"], { propagationPolicy: "Background" }, ["example.com/x"]],
    ["no policy keeps the one that stands there", ["orphan"], {}, ["orphan"]],
  ])("%s", (_what, finalizers, options, expected) => {
    const object = stored(configMaps, planned(map(finalizers), options), 2);
    expect(object.metadata).toMatchObject({ finalizers: expected, deletionTimestamp: "2026-01-02T03:04:05Z" });
  });

  test("a second one changes nothing", () => {
    const current = marked(map(["example.com/x"]));
    expect(planner.delete({ resource: configMaps, current, options: {}, context })).toBeUndefined();
  });

  describe("of a bound pod", () => {
    const bound = () => stored(pods, planner.create(pods, inDefault("p", { spec: { ...podSpec, nodeName: "n1" } }), context));
    const after = (current: Stored<KubernetesObject>, options: DeleteOptions) => planner.delete({ resource: pods, current, options, context });

    test("gives it its grace", () => {
      expect(stored(pods, after(bound(), {})).metadata).toMatchObject({ deletionGracePeriodSeconds: 30, deletionTimestamp: "2026-01-02T03:04:35Z" });
    });

    test("may shorten the grace that runs, but not lengthen it", () => {
      const deleting = stored(pods, after(bound(), {}), 2);
      const shorter = stored(pods, after(deleting, { gracePeriodSeconds: 10 }), 3);
      expect(shorter.metadata).toMatchObject({ deletionGracePeriodSeconds: 10, deletionTimestamp: "2026-01-02T03:04:15Z" });
      expect(after(shorter, { gracePeriodSeconds: 20 })).toBeUndefined();
    });

    test("with no grace left removes it", () => {
      expect(after(bound(), { gracePeriodSeconds: 0 })?.operation.verb).toBe("delete");
    });
  });

  test("an unbound pod goes at once", () => {
    const current = stored(pods, planner.create(pods, inDefault("p", { spec: podSpec }), context));
    expect(planner.delete({ resource: pods, current, options: {}, context })?.operation.verb).toBe("delete");
  });

  test("some namespaces may not be deleted", () => {
    const current = stored(namespaces, planner.create(namespaces, { metadata: { name: "default" } }, context));
    expect(refusal(() => planner.delete({ resource: namespaces, current, options: {}, context }))).toBe(
      '403 namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });
});
