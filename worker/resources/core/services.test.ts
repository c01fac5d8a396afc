import { describe, expect, it } from "vitest";
import { services } from "./services.ts";
import { accepted, context, created, errorsOf, updateErrorsOf } from "../testing.ts";

const service = (spec: object, name = "web") => ({ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec: { ports: [{ port: 80 }], ...spec } });

describe("a Service is refused", () => {
  const rows: [sentence: string, object: ReturnType<typeof service>, error: string][] = [
    ["with a name that begins with a digit", service({}, "1a"), "metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"],
    ["without ports", service({ ports: [] }), "spec.ports: Required value"],
    ["with several ports of which one has no name", service({ ports: [{ port: 80, name: "a" }, { port: 81 }] }), "spec.ports[1].name: Required value"],
    ["with two ports of one name", service({ ports: [{ port: 80, name: "a" }, { port: 81, name: "a" }] }), 'spec.ports[1].name: Duplicate value: "a"'],
    ["with one port twice", service({ ports: [{ port: 80, name: "a" }, { port: 80, name: "b" }] }), 'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}'],
    ["with a port out of range", service({ ports: [{ port: 0 }] }), "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
    ["with a node port that needs another type", service({ ports: [{ port: 80, nodePort: 30080 }] }), "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ["with a node port out of range", service({ type: "NodePort", ports: [{ port: 80, nodePort: 80 }] }), "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"],
    ["with an unknown type", service({ type: "Magic" }), 'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
    ["as ExternalName without a name", service({ type: "ExternalName" }), "spec.externalName: Required value"],
    ["as NodePort without an address", service({ type: "NodePort", clusterIP: "None" }), "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
    ["with a selector that is no label", service({ selector: { app: "a b" } }), "spec.selector: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"],
  ];
  it.each(rows)("%s", (_, object, error) => {
    expect(errorsOf(object)).toContain(error);
  });

  it.each([
    ["with one port without a name", service({})],
    ["when it is headless and has no ports", service({ clusterIP: "None", ports: [] })],
    ["when it says its own node port", service({ type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] })],
  ])("not %s", (_, object) => {
    expect(errorsOf(object)).toEqual([]);
  });
});

it("keeps its address for life", () => {
  const before = service({ clusterIP: "10.96.0.2", clusterIPs: ["10.96.0.2"] });
  expect(updateErrorsOf(service({ clusterIP: "10.96.0.2" }), before)).toEqual([]);
  expect(updateErrorsOf(service({ clusterIP: "10.96.0.3", clusterIPs: ["10.96.0.2"] }), before)).toEqual([
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.3"]: may not change once set',
  ]);
});

it.each([
  ["a NodePort that becomes a ClusterIP loses its external policy", "NodePort", "ClusterIP", "externalTrafficPolicy"],
  ["a load balancer that becomes a NodePort loses its allocation", "LoadBalancer", "NodePort", "allocateLoadBalancerNodePorts"],
  ["a Service that becomes a name loses its internal policy", "ClusterIP", "ExternalName", "internalTrafficPolicy"],
])("%s", (_, from, to, field) => {
  const before = created(service({ type: from }));
  const next = accepted({ ...before, spec: { ...(before["spec"] as object), type: to } });
  expect(next["spec"]).toHaveProperty(field);
  services.prepareForUpdate?.(next, before, context);
  expect(next["spec"]).not.toHaveProperty(field);
});

it("defaults to a cluster IP without affinity, and to the port as the target's", () => {
  expect(accepted(service({}))).toMatchObject({
    spec: { type: "ClusterIP", sessionAffinity: "None", internalTrafficPolicy: "Cluster", ports: [{ port: 80, targetPort: 80, protocol: "TCP" }] },
  });
});
