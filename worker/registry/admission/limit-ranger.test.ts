import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { admitted, contextWith, pod, refusal } from "./testing.ts";

const within = (...limits: object[]) =>
  contextWith({ limitranges: [{ metadata: { name: "range", namespace: "default" }, spec: { limits } }, { metadata: { name: "other", namespace: "elsewhere" }, spec: { limits: [{ type: "Pod", max: { cpu: "1m" } }] } }] });

const containers = (...resources: object[]) => pod({ containers: resources.map((one, at) => ({ name: `c${at}`, image: "app:1", resources: one })) });
const resourcesOf = (object: KubernetesObject) => (object["spec"] as { containers: { resources: object }[] }).containers.map(({ resources }) => resources);

describe("LimitRanger's defaults", () => {
  const range = within({ type: "Container", default: { cpu: "500m", memory: "1Gi" }, defaultRequest: { cpu: "100m", memory: "200Mi" } });

  test("fill in what a container does not say, and an annotation says so", () => {
    const result = admitted(containers({}), range);
    expect(resourcesOf(result)).toEqual([{ limits: { cpu: "500m", memory: "1Gi" }, requests: { cpu: "100m", memory: "200Mi" } }]);
    expect(result.metadata?.annotations).toEqual({ "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu, memory request for container c0; cpu, memory limit for container c0" });
    expect(result["status"]).toMatchObject({ qosClass: "Burstable" });
  });

  test("leave alone what it says", () => {
    const result = admitted(containers({ requests: { cpu: "50m", memory: "1Gi" }, limits: { cpu: "60m", memory: "1Gi" } }), range);
    expect(resourcesOf(result)).toEqual([{ limits: { cpu: "60m", memory: "1Gi" }, requests: { cpu: "50m", memory: "1Gi" } }]);
    expect(result.metadata?.annotations).toBeUndefined();
  });

  test("are those of the pod's own namespace", () => {
    expect(resourcesOf(admitted(containers({})))).toEqual([{}]);
  });
});

describe("LimitRanger refuses", () => {
  const cpu = (request: string, limit?: string) => ({ requests: { cpu: request }, ...(limit === undefined ? {} : { limits: { cpu: limit } }) });
  test.each([
    ["a request below the minimum", { type: "Container", min: { cpu: "100m" } }, [cpu("50m", "200m")], "minimum cpu usage per Container is 100m, but request is 50m"],
    ["no request where there is a minimum", { type: "Container", min: { cpu: "100m" } }, [{}], "minimum cpu usage per Container is 100m.  No request is specified"],
    ["a limit above the maximum", { type: "Container", max: { cpu: "1" } }, [cpu("1", "2")], "maximum cpu usage per Container is 1, but limit is 2"],
    ["no limit where there is a maximum", { type: "Container", max: { cpu: "1" } }, [cpu("1")], "maximum cpu usage per Container is 1.  No limit is specified"],
    ["a ratio above the maximum", { type: "Container", maxLimitRequestRatio: { cpu: "2" } }, [cpu("100m", "300m")], "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000"],
    ["containers that are too much together", { type: "Pod", max: { cpu: "1" } }, [cpu("600m", "600m"), cpu("600m", "600m")], "maximum cpu usage per Pod is 1, but limit is 1200m"],
    ["each problem at once", { type: "Container", max: { cpu: "1", memory: "1Gi" } }, [{ limits: { cpu: "2", memory: "2Gi" } }], "[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]"],
  ])("%s", (_, limit, resources, why) => {
    expect(refusal(() => admitted(containers(...resources), within(limit)))).toBe(`403 pods "x" is forbidden: ${why}`);
  });
});
