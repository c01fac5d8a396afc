import { describe, expect, it } from "vitest";
import { typeSchema } from "../resources/schema.ts";
import { atomicPaths } from "./atomics.ts";
import { shapeOfType } from "./shape.ts";

const shape = shapeOfType(typeSchema("io.k8s.api.apps.v1.Deployment"));
const inPod = (spec: object) => ({ spec: { template: { spec } } });

describe("what is owned whole is found in a configuration", () => {
  it.each<[string, object, string[]]>([
    ["not in fields, maps and lists that are owned by their parts", { metadata: { labels: { a: "b" } }, ...inPod({ containers: [{ name: "a", image: "b", resources: { limits: { cpu: "1" } } }] }) }, []],
    ["an object", { spec: { replicas: 1, selector: { matchLabels: { a: "b" } } } }, [".spec.selector"]],
    ["a list of texts", inPod({ containers: [{ name: "a" }, { name: "b", command: ["c"], args: [] }] }), [".spec.template.spec.containers[1].command", ".spec.template.spec.containers[1].args"]],
    ["a map", inPod({ nodeSelector: { a: "b" } }), [".spec.template.spec.nodeSelector"]],
    ["not in sets", { metadata: { finalizers: ["a.b/c"] } }, []],
    ["not in what is no field", { spec: { nothing: [1] } }, []],
  ])("%s", (_, config, paths) => {
    expect(atomicPaths(shape, config)).toEqual(paths);
  });
});
