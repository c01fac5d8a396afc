import { describe, expect, test } from "vitest";
import type { CertificateSigningRequest } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { certificateController } from "./controller.ts";

const time = "2026-01-01T00:00:00Z";
const start = Date.parse(time);
const hourMs = 3600 * 1000;

function request(conditions: string[] = [], certificate?: string): Stored<CertificateSigningRequest> {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: time },
    spec: { request: "", signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
    status: { conditions: conditions.map((type) => ({ type, status: "True", lastUpdateTime: time })), ...(certificate === undefined ? {} : { certificate }) },
  };
}

const look = (object: Stored<CertificateSigningRequest>, now: number, signed?: { certificate: string } | { why: string }) =>
  certificateController.reconcile({ request: object, signed, now });

describe("a certificate request", () => {
  test("that is approved gets its certificate", () => {
    const { actions } = look(request(["Approved"]), start, { certificate: "PEM" });
    expect(actions).toMatchObject([{ type: "update", subresource: "status", object: { status: { certificate: "PEM", conditions: [{ type: "Approved" }] } } }]);
  });

  test("that the signer refuses has failed, and says why", () => {
    const { actions } = look(request(["Approved"]), start, { why: "no" });
    expect(actions).toMatchObject([{ object: { status: { conditions: [{ type: "Approved" }, { type: "Failed", status: "True", reason: "SignerValidationFailure", message: "no" }] } } }]);
  });

  test.each<[string, Stored<CertificateSigningRequest>, number]>([
    ["nobody decided", request(), 24],
    ["was denied", request(["Denied"]), 1],
    ["was issued", request(["Approved"], "PEM"), 1],
    ["was approved and waits for somebody else's signer", request(["Approved"]), 24],
  ])("goes in its time when it %s", (_what, object, hours) => {
    expect(look(object, start + hours * hourMs - 1)).toEqual({ actions: [], requeueAfterMs: 1 });
    expect(look(object, start + hours * hourMs).actions).toEqual([{ type: "delete", object }]);
  });
});
