import { describe, expect, it } from "vitest";
import { pods } from "./pods.ts";
import { created, errorsOf, updateErrorsOf } from "../testing.ts";

const container = { name: "web", image: "web:1" };
const pod = (spec: object) => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "default" }, spec: { containers: [container], ...spec } });
const one = (fields: object) => pod({ containers: [{ ...container, ...fields }] });

describe("a pod is refused", () => {
  const rows: [sentence: string, object: ReturnType<typeof pod>, error: string][] = [
    ["without containers", pod({ containers: [] }), "spec.containers: Required value"],
    ["without a container's name", pod({ containers: [{ image: "x" }] }), "spec.containers[0].name: Required value"],
    ["without an image", pod({ containers: [{ name: "web" }] }), "spec.containers[0].image: Required value"],
    ["with two containers of one name", pod({ containers: [container, container] }), 'spec.containers[1].name: Duplicate value: "web"'],
    ["with an init container named as a container", pod({ initContainers: [container] }), 'spec.initContainers[0].name: Duplicate value: "web"'],
    ["with an upper-case name", one({ name: "Web" }), "spec.containers[0].name: Invalid value: \"Web\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"],
    ["with a pull policy that is none", one({ imagePullPolicy: "Sometimes" }), 'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"'],
    ["with a port out of range", one({ ports: [{ containerPort: 70000 }] }), "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
    ["with a port that is not said", one({ ports: [{ name: "http" }] }), "spec.containers[0].ports[0].containerPort: Required value"],
    ["with a long port name", one({ ports: [{ containerPort: 80, name: "abcdefghijklmnop" }] }), 'spec.containers[0].ports[0].name: Invalid value: "abcdefghijklmnop": must be no more than 15 bytes'],
    ["with two ports of one name", one({ ports: [{ containerPort: 80, name: "a" }, { containerPort: 81, name: "a" }] }), 'spec.containers[0].ports[1].name: Duplicate value: "a"'],
    ["with a port of the host used twice", one({ ports: [{ containerPort: 80, hostPort: 80 }, { containerPort: 81, hostPort: 80 }] }), 'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"'],
    ["with an unknown protocol", one({ ports: [{ containerPort: 80, protocol: "HTTP" }] }), 'spec.containers[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'],
    ["with a variable that has no name", one({ env: [{ value: "1" }] }), "spec.containers[0].env[0].name: Required value"],
    ["with a variable name that has an equals sign", one({ env: [{ name: "A=B" }] }), "spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='"],
    ["with a value and a source", one({ env: [{ name: "A", value: "1", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] }), 'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ["with a field that variables cannot have", one({ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }] }), 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x'],
    ["with a mount of no volume", one({ volumeMounts: [{ name: "data", mountPath: "/data" }] }), 'spec.containers[0].volumeMounts[0].name: Not found: "data"'],
    ["with two mounts at one path", { ...pod({ volumes: [{ name: "v" }], containers: [{ ...container, volumeMounts: [{ name: "v", mountPath: "/a" }, { name: "v", mountPath: "/a" }] }] }) }, 'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique'],
    ["with a request above its limit", one({ resources: { limits: { cpu: "1" }, requests: { cpu: "2" } } }), 'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ["with a negative request", one({ resources: { requests: { memory: "-1Mi" } } }), 'spec.containers[0].resources.requests[memory]: Invalid value: "-1Mi": must be greater than or equal to 0'],
    ["with an unknown resource", one({ resources: { limits: { gpu: "1" } } }), 'spec.containers[0].resources.limits: Invalid value: "gpu": must be a standard resource type or fully qualified'],
    ["with a probe that does nothing", one({ livenessProbe: {} }), "spec.containers[0].livenessProbe: Required value: must specify a handler type"],
    ["with a probe that does two things", one({ livenessProbe: { exec: { command: ["a"] }, tcpSocket: { port: 1 } } }), "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"],
    ["with a liveness probe that must succeed twice", one({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }), "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"],
    ["with a negative probe number", one({ readinessProbe: { tcpSocket: { port: 1 }, initialDelaySeconds: -1 } }), "spec.containers[0].readinessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0"],
    ["with a probed init container", pod({ initContainers: [{ ...container, name: "i", livenessProbe: { tcpSocket: { port: 1 } } }] }), "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always"],
    ["with two volumes of one name", pod({ volumes: [{ name: "v" }, { name: "v" }] }), 'spec.volumes[1].name: Duplicate value: "v"'],
    ["with a volume of two kinds", pod({ volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/" } }] }), "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
    ["with an unknown restart policy", pod({ restartPolicy: "Maybe" }), 'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"'],
    ["with an unknown DNS policy", pod({ dnsPolicy: "Mine" }), 'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'],
    ["with a negative grace period", pod({ terminationGracePeriodSeconds: -1 }), "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0"],
    ["with a deadline of zero", pod({ activeDeadlineSeconds: 0 }), "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"],
    ["with a timed toleration of another effect", pod({ tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 1 }] }), "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set"],
    ["with an affinity without terms", pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }), "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term"],
  ];
  it.each(rows)("%s", (_, object, error) => {
    expect(errorsOf(object)).toContain(error);
  });

  it("not when all is well", () => {
    expect(errorsOf(one({ ports: [{ containerPort: 80 }], env: [{ name: "A", value: "" }], resources: { limits: { cpu: "0.5" } } }))).toEqual([]);
  });
});

describe("a pod's update", () => {
  const before = pod({ tolerations: [{ key: "a", operator: "Exists" }], activeDeadlineSeconds: 10, priority: 0, preemptionPolicy: "PreemptLowerPriority" });
  const same = { tolerations: [{ key: "a", operator: "Exists" }], activeDeadlineSeconds: 10, serviceAccountName: "default", priority: 0, preemptionPolicy: "PreemptLowerPriority" };
  const forbidden = "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  const rows: [sentence: string, spec: object, errors: string[]][] = [
    ["may change nothing", same, []],
    ["may change an image", { ...same, containers: [{ ...container, image: "web:2" }] }, []],
    ["may add a toleration", { ...same, tolerations: [...same.tolerations, { key: "b", operator: "Exists" }] }, []],
    ["may bring the deadline nearer", { ...same, activeDeadlineSeconds: 5 }, []],
    ["may not put the deadline off", { ...same, activeDeadlineSeconds: 20 }, ["spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value"]],
    ["may not take a toleration away", { ...same, tolerations: [] }, ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"]],
    ["may not change a hostname", { ...same, hostname: "x" }, [forbidden]],
    ["may not change a variable", { ...same, containers: [{ ...container, env: [{ name: "A" }] }] }, [forbidden]],
    ["may not add a container", { ...same, containers: [container, { ...container, name: "b" }] }, ["spec.containers: Forbidden: pod updates may not add or remove containers"]],
  ];
  it.each(rows)("%s", (_, spec, errors) => {
    expect(updateErrorsOf(pod(spec), before)).toEqual(errors);
  });
});

describe("a created pod", () => {
  it("is Pending, of a quality of service, and has every default", () => {
    const { spec, status } = created(one({ livenessProbe: { httpGet: { port: 80 } }, resources: { limits: { cpu: "1", memory: "1Gi" } } }));
    expect(status).toEqual({ phase: "Pending", qosClass: "Guaranteed" });
    expect(spec).toMatchObject({
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      terminationGracePeriodSeconds: 30,
      schedulerName: "default-scheduler",
      serviceAccountName: "default",
      enableServiceLinks: true,
      containers: [
        {
          imagePullPolicy: "IfNotPresent",
          terminationMessagePath: "/dev/termination-log",
          livenessProbe: { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, httpGet: { path: "/", scheme: "HTTP" } },
          resources: { requests: { cpu: "1", memory: "1Gi" } },
        },
      ],
    });
  });

  it.each([
    ["an untagged image is always pulled", "web", "Always"],
    ["so is the tag latest", "registry:5000/web:latest", "Always"],
    ["a registry's port is no tag", "registry:5000/web", "Always"],
    ["another tag is pulled once", "web:1", "IfNotPresent"],
    ["so is a digest", "web@sha256:0123", "IfNotPresent"],
  ])("%s", (_, image, policy) => {
    expect(created(one({ image }))).toMatchObject({ spec: { containers: [{ imagePullPolicy: policy }] } });
  });

  it.each([
    ["without resources it is best effort", {}, "BestEffort"],
    ["with a request it is burstable", { requests: { cpu: "1" } }, "Burstable"],
    ["with equal limits and requests it is guaranteed", { limits: { cpu: "1", memory: "1" } }, "Guaranteed"],
  ])("%s", (_, resources, qosClass) => {
    expect(created(one({ resources }))).toMatchObject({ status: { qosClass } });
  });
});

it("a pod is found by its readiness gates that are open, and by no other condition", () => {
  const metadata = { name: "web", namespace: "default", uid: "u" };
  const spec = { containers: [container], nodeName: "n1", readinessGates: [{ conditionType: "a.b/open" }, { conditionType: "a.b/shut" }] };
  const conditions = [["a.b/open", "True"], ["a.b/shut", "False"], ["Ready", "True"]].map(([type = "", status = ""]) => ({ type, status }));
  expect(pods.terms?.({ metadata, spec, status: { conditions } })).toEqual(["node:n1", "gate:a.b/open"]);
});
