import { describe, expect, it } from "vitest";
import type { Container, Service } from "../../../protocol/kubernetes/generated/types.ts";
import { testContainer, testPod } from "../testing.ts";
import { ConfigError, environmentOf, type PodObjects } from "./environment.ts";
import { expand } from "./expand.ts";

const context = { nodeName: "node-1", hostIps: ["192.0.2.1"], podIps: ["10.0.0.5"], allocatable: { cpu: "4", memory: "8Gi" } };
const services: Service[] = [
  { metadata: { name: "my-db", namespace: "default" }, spec: { clusterIP: "10.96.0.9", ports: [{ port: 5432, name: "sql" }] } },
  { metadata: { name: "headless", namespace: "default" }, spec: { clusterIP: "None", ports: [{ port: 80 }] } },
  { metadata: { name: "elsewhere", namespace: "other" }, spec: { clusterIP: "10.96.0.8", ports: [{ port: 80 }] } },
  { metadata: { name: "kubernetes", namespace: "default" }, spec: { clusterIP: "10.96.0.1", ports: [{ port: 443, name: "https" }] } },
];
const objects: PodObjects = {
  configMap: (_namespace, name) => (name === "settings" ? { data: { COLOUR: "blue", SIZE: "large" } } : undefined),
  secret: (_namespace, name) => (name === "keys" ? { data: { token: Buffer.from("s3cret").toString("base64") } } : undefined),
  services: () => services,
};

function env(container: Partial<Container>, spec = {}): Record<string, string> {
  const whole = testContainer("main", container);
  const pod = testPod({ ...spec, containers: [whole] }, { metadata: { labels: { app: "web", tier: "front" } } });
  return Object.fromEntries(environmentOf({ pod, container: whole, objects, context }));
}
const linkless = { enableServiceLinks: false };
const from = (valueFrom: object, spec = linkless): string | undefined => env({ env: [{ name: "V", valueFrom }] }, spec)["V"];

describe("expand", () => {
  it.each([
    ["a reference is replaced", "x-$(A)-y", "x-1-y"],
    ["an unknown reference stays", "$(NO)", "$(NO)"],
    ["a doubled dollar is one dollar", "$$(A)", "$(A)"],
    ["a lone dollar stays", "$A $", "$A $"],
  ])("%s", (_sentence, text, expected) => {
    expect(expand(text, (name) => (name === "A" ? "1" : undefined))).toBe(expected);
  });
});

describe("environmentOf", () => {
  it("expands references to variables before, not after", () => {
    const result = env({ env: [{ name: "A", value: "1" }, { name: "B", value: "$(A)$(C)" }, { name: "C", value: "3" }] });
    expect(result).toMatchObject({ A: "1", B: "1$(C)" });
  });
  it("sets the links of the namespace's services and of the API", () => {
    expect(env({})).toEqual({
      ...{ MY_DB_SERVICE_HOST: "10.96.0.9", MY_DB_SERVICE_PORT: "5432", MY_DB_SERVICE_PORT_SQL: "5432", MY_DB_PORT: "tcp://10.96.0.9:5432" },
      ...{ MY_DB_PORT_5432_TCP: "tcp://10.96.0.9:5432", MY_DB_PORT_5432_TCP_PROTO: "tcp", MY_DB_PORT_5432_TCP_PORT: "5432", MY_DB_PORT_5432_TCP_ADDR: "10.96.0.9" },
      ...{ KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443", KUBERNETES_SERVICE_PORT_HTTPS: "443", KUBERNETES_PORT: "tcp://10.96.0.1:443" },
      ...{ KUBERNETES_PORT_443_TCP: "tcp://10.96.0.1:443", KUBERNETES_PORT_443_TCP_PROTO: "tcp", KUBERNETES_PORT_443_TCP_PORT: "443", KUBERNETES_PORT_443_TCP_ADDR: "10.96.0.1" },
    });
  });
  it("sets only the API's without service links", () => {
    expect(Object.keys(env({}, linkless)).every((name) => name.startsWith("KUBERNETES_"))).toBe(true);
  });
  it("lets env override envFrom, with its prefix", () => {
    const result = env({ envFrom: [{ prefix: "X_", configMapRef: { name: "settings" } }], env: [{ name: "X_SIZE", value: "small" }] }, linkless);
    expect(result).toMatchObject({ X_COLOUR: "blue", X_SIZE: "small" });
  });

  const rows: [string, object, string | undefined][] = [
    ["reads the pod's address", { fieldRef: { fieldPath: "status.podIP" } }, "10.0.0.5"],
    ["reads one label", { fieldRef: { fieldPath: "metadata.labels['app']" } }, "web"],
    ["reads the node's name", { fieldRef: { fieldPath: "spec.nodeName" } }, "node-1"],
    ["reads a ConfigMap's key", { configMapKeyRef: { name: "settings", key: "COLOUR" } }, "blue"],
    ["reads a Secret's key", { secretKeyRef: { name: "keys", key: "token" } }, "s3cret"],
    ["leaves out an optional key that is missing", { secretKeyRef: { name: "keys", key: "no", optional: true } }, undefined],
    ["leaves out an optional object that is missing", { configMapKeyRef: { name: "no", key: "no", optional: true } }, undefined],
    ["gives the node's cpu where there is no limit", { resourceFieldRef: { resource: "limits.cpu" } }, "4"],
    ["gives nothing requested as 0", { resourceFieldRef: { resource: "requests.memory" } }, "0"],
  ];
  it.each(rows)("%s", (_sentence, valueFrom, expected) => expect(from(valueFrom)).toBe(expected));

  const failures: [string, object, string][] = [
    ["a missing ConfigMap", { configMapKeyRef: { name: "no", key: "k" } }, 'configmap "no" not found'],
    ["a missing Secret", { secretKeyRef: { name: "no", key: "k" } }, 'secret "no" not found'],
    ["a missing key", { secretKeyRef: { name: "keys", key: "k" } }, "couldn't find key k in Secret default/keys"],
  ];
  it.each(failures)("refuses %s in the kubelet's words", (_sentence, valueFrom, message) => {
    expect(() => from(valueFrom)).toThrow(new ConfigError(message));
  });
});
