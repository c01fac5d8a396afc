import { beforeEach, describe, it } from "vitest";
import { prepare } from "../http/api.ts";
import { supportsEveryOperation } from "./api-operations.ts";
import { freshNamespace } from "./harness.ts";

beforeEach(prepare);

const at = (group: string, version = "v1") => ({ groupVersion: `/apis/${group}/${version}`, path: `/apis/${group}/${version}` });

async function inNamespace(group: string, version = "v1") {
  const name = (await freshNamespace("operations")).split("/").at(-1);
  return { groupVersion: `/apis/${group}/${version}`, path: `/apis/${group}/${version}/namespaces/${name}` };
}

const condition = (type: string, status: string) => ({ type, status, reason: "Test", message: `${type} is ${status}`, lastTransitionTime: "2026-01-01T00:00:00Z" });
const conditions: [object, object] = [{ conditions: [condition("First", "True")] }, { conditions: [condition("First", "False")] }];

/** A key of a certificate request is not looked at before somebody approves it. */
const certificateRequest = `-----BEGIN CERTIFICATE REQUEST-----
MIHRMHgCAQAwFjEUMBIGA1UEAwwLZTJlLWV4YW1wbGUwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAASA52Ps9YEMOhkO9tODBDJyUHaMCcjyNkH6ITIJ5LCY1ZzGt3fg
KaUlpJtqKh2rdRiVX3OwU3pOVUPDiw+/tWrWoAAwCgYIKoZIzj0EAwIDSQAwRgIh
AIhLEFXF/DDtrrsAEgk6/ZR3sfdQSVZnKq2gkBhpWWkWAiEA28uAyAlqFKUSxMXU
Fb1K8whGjKVoU6wiSk4iHaoWaUY=
-----END CERTIFICATE REQUEST-----
`;

describe("operations of an API", () => {
  it("Priority and Fairness FlowSchema API", () =>
    supportsEveryOperation({
      ...at("flowcontrol.apiserver.k8s.io"),
      plural: "flowschemas",
      subresources: ["status"],
      sample: {
        spec: {
          matchingPrecedence: 10_000,
          priorityLevelConfiguration: { name: "global-default" },
          rules: [{ subjects: [{ kind: "User", user: { name: "example-e2e-non-existent-user" } }], nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["*"] }] }],
        },
      },
      statuses: conditions,
    }));

  it("Priority and Fairness PriorityLevelConfiguration API", () =>
    supportsEveryOperation({
      ...at("flowcontrol.apiserver.k8s.io"),
      plural: "prioritylevelconfigurations",
      subresources: ["status"],
      sample: { spec: { type: "Limited", limited: { nominalConcurrencyShares: 2, limitResponse: { type: "Reject" } } } },
      statuses: conditions,
    }));

  it("ValidatingAdmissionPolicy API", () =>
    supportsEveryOperation({
      ...at("admissionregistration.k8s.io"),
      plural: "validatingadmissionpolicies",
      subresources: ["status"],
      sample: {
        spec: {
          failurePolicy: "Ignore",
          matchConstraints: { resourceRules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] }] },
          validations: [{ expression: "object.spec.replicas <= 100" }],
        },
      },
      statuses: conditions,
    }));

  it("ValidatingadmissionPolicyBinding API", () =>
    supportsEveryOperation({
      ...at("admissionregistration.k8s.io"),
      plural: "validatingadmissionpolicybindings",
      sample: { spec: { policyName: "replicalimit-policy.example.com", validationActions: ["Deny"] } },
    }));

  it("MutatingAdmissionPolicy API", () =>
    supportsEveryOperation({
      ...at("admissionregistration.k8s.io", "v1beta1"),
      plural: "mutatingadmissionpolicies",
      sample: {
        spec: {
          reinvocationPolicy: "Never",
          matchConstraints: { resourceRules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] }] },
          mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: 'Object{metadata: Object.metadata{annotations: {"my-foo-annotation": "myAnnotationValue"}}}' } }],
        },
      },
    }));

  it("MutatingadmissionPolicyBinding API", () =>
    supportsEveryOperation({ ...at("admissionregistration.k8s.io", "v1beta1"), plural: "mutatingadmissionpolicybindings", sample: { spec: { policyName: "replicalimit-policy.example.com" } } }));

  it("CertificateSigningRequest API", () =>
    supportsEveryOperation({
      ...at("certificates.k8s.io"),
      plural: "certificatesigningrequests",
      subresources: ["approval", "status"],
      sample: { spec: { request: btoa(certificateRequest), signerName: "example.com/e2e", usages: ["digital signature", "key encipherment", "server auth"] } },
    }));

  it("CSINode, lifecycle", () =>
    supportsEveryOperation({ ...at("storage.k8s.io"), plural: "csinodes", sample: { spec: { drivers: [] } } }));

  it("StorageClass, lifecycle", () =>
    supportsEveryOperation({ ...at("storage.k8s.io"), plural: "storageclasses", sample: { provisioner: "example.com/e2e" } }));

  it("VolumeAttributesClass, lifecycle", () =>
    supportsEveryOperation({
      ...at("storage.k8s.io"),
      plural: "volumeattributesclasses",
      sample: { driverName: "e2e.example.com", parameters: { iops: "5" } },
    }));

  it("VolumeAttachment, lifecycle", () =>
    supportsEveryOperation({
      ...at("storage.k8s.io"),
      plural: "volumeattachments",
      sample: { spec: { attacher: "e2e.example.com", nodeName: "n", source: { persistentVolumeName: "pv" } } },
    }));

  it("VolumeAttachment, apply changes to a volumeattachment status", () =>
    supportsEveryOperation({
      ...at("storage.k8s.io"),
      plural: "volumeattachments",
      subresources: ["status"],
      sample: { spec: { attacher: "e2e.example.com", nodeName: "n", source: { persistentVolumeName: "pv" } } },
      statuses: [{ attached: true }, { attached: false }],
    }));

  it("CSIStorageCapacity API", async () =>
    supportsEveryOperation({
      ...(await inNamespace("storage.k8s.io")),
      plural: "csistoragecapacities",
      sample: { storageClassName: "e2e", nodeTopology: {}, capacity: "1Gi" },
    }));

  it("Ingress API", async () =>
    supportsEveryOperation({
      ...(await inNamespace("networking.k8s.io")),
      plural: "ingresses",
      subresources: ["status"],
      sample: { spec: { defaultBackend: { service: { name: "default-backend", port: { number: 80 } } } } },
      statuses: [{ loadBalancer: { ingress: [{ ip: "169.1.1.1" }] } }, { loadBalancer: { ingress: [{ ip: "169.1.1.2" }] } }],
    }));

  it("IngressClass API", () =>
    supportsEveryOperation({ ...at("networking.k8s.io"), plural: "ingressclasses", sample: { spec: { controller: "example.com/e2e" } } }));

  it("RuntimeClass API", () => supportsEveryOperation({ ...at("node.k8s.io"), plural: "runtimeclasses", sample: { handler: "runc" } }));
});
