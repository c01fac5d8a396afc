import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { StatusError } from "../../../protocol/status.ts";
import { planner } from "../../registry/planner.ts";
import { context, created, errorsOf, rowOf } from "../testing.ts";
import { certificateSigningRequests } from "./certificate-signing-requests.ts";

const pem = btoa("-----BEGIN CERTIFICATE REQUEST-----\nMQ==\n-----END CERTIFICATE REQUEST-----\n");
const request = (spec: object = {}, status?: object): KubernetesObject => ({
  apiVersion: "certificates.k8s.io/v1",
  kind: "CertificateSigningRequest",
  metadata: { name: "x" },
  spec: { request: pem, signerName: "example.com/s", usages: ["client auth"], ...spec },
  ...(status === undefined ? {} : { status }),
});

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["what is no request", request({ request: btoa("x") }), [`spec.request: Invalid value: "${btoa("x")}": PEM block type must be CERTIFICATE REQUEST`]],
    ["a request for nothing", request({ usages: [] }), ["spec.usages: Required value"]],
    ["a use that is none", request({ usages: ["fun"] }), [expect.stringMatching(/^spec\.usages\[0\]: Unsupported value: "fun": supported values: "any", /) as unknown as string]],
    ["a use asked twice", request({ usages: ["any", "any"] }), ['spec.usages[1]: Duplicate value: "any"']],
    ["a signer without a path", request({ signerName: "example.com" }), [`spec.signerName: Invalid value: "example.com": must be a fully qualified domain and path of the form 'example.com/signer-name'`]],
    ["a signer without a domain", request({ signerName: "local/s" }), ['spec.signerName: Invalid value: "local": should be a domain with at least two segments separated by dots']],
    ["the signer of old", request({ signerName: "kubernetes.io/legacy-unknown" }), ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version']],
    ["a certificate for a minute", request({ expirationSeconds: 60 }), ["spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)"]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("says who asks, whatever the request says", () => {
  expect(created(request({ username: "root", groups: ["system:masters"], extra: { a: ["b"] } }))["spec"]).toEqual({ request: pem, signerName: "example.com/s", usages: ["client auth"], username: "admin" });
});

const stored = created(request());

function written(part: "status" | "approval", status: object, before: object = {}): KubernetesObject | undefined {
  const current = { ...stored, status: before };
  return planner.update({ resource: certificateSigningRequests, current, next: { ...current, spec: {}, status }, subresource: part, context })?.object;
}

function refusal(part: "status" | "approval", status: object, before: object = {}): string {
  try {
    written(part, status, before);
    return "";
  } catch (error) {
    if (error instanceof StatusError) return error.message.slice(error.message.indexOf("status."));
    throw error;
  }
}

describe("its decision", () => {
  const approved = { conditions: [{ type: "Approved", status: "True" }] };
  const denied = { conditions: [{ type: "Denied", status: "True" }] };

  it("is stamped, and changes nothing else", () => {
    const time = "2026-01-01T00:00:00Z";
    expect(written("approval", approved)).toEqual({ ...stored, status: { conditions: [{ type: "Approved", status: "True", lastUpdateTime: time, lastTransitionTime: time }] } });
  });

  it("is made through `approval`, and only there", () => {
    expect(refusal("status", approved)).toBe('status.conditions: Forbidden: updates may not add a condition of type "Approved"');
  });

  it("stands", () => {
    expect(refusal("approval", {}, approved)).toBe('status.conditions: Forbidden: updates may not remove a condition of type "Approved"');
  });

  it("is one", () => {
    expect(refusal("approval", { conditions: [...approved.conditions, ...denied.conditions] })).toContain("Approved and Denied conditions are mutually exclusive");
  });

  it("cannot be half", () => {
    expect(refusal("approval", { conditions: [{ type: "Denied", status: "Unknown" }] })).toBe('status.conditions[0].status: Unsupported value: "Unknown": supported values: "True"');
  });
});

describe("its certificate", () => {
  it("is written through `status`, and only there", () => {
    expect(written("status", { certificate: "MQ==" })).toMatchObject({ status: { certificate: "MQ==" } });
    expect(refusal("approval", { certificate: "MQ==" })).toBe("status.certificate: Forbidden: updates may not set certificate content");
  });

  it("is written once", () => {
    expect(refusal("status", { certificate: "Mg==" }, { certificate: "MQ==" })).toBe("status.certificate: Forbidden: updates may not modify existing certificate content");
  });
});

it("its row says what became of it", () => {
  const conditions = [{ type: "Approved", status: "True" }];
  expect(rowOf(request())).toEqual({ Name: "x", Age: "5m", SignerName: "example.com/s", Requestor: "", RequestedDuration: "<none>", Condition: "Pending" });
  expect(rowOf(request({ expirationSeconds: 3600 }, { conditions, certificate: "MQ==" }))).toMatchObject({ RequestedDuration: "60m", Condition: "Approved,Issued" });
  expect(rowOf(request({}, { conditions: [{ type: "Denied", status: "True" }] }))).toMatchObject({ Condition: "Denied" });
});
