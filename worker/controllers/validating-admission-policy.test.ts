import { expect, it } from "vitest";
import type { ValidatingAdmissionPolicy } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { loadCel } from "../cel/load.ts";
import { noSettings } from "../settings/settings.ts";
import { validatingAdmissionPolicyController as controller } from "./validating-admission-policy.ts";

const policyWith = (status: object, generation = 2): Stored<ValidatingAdmissionPolicy> => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: "p", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", generation },
  spec: {
    matchConstraints: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }] },
    validations: [{ expression: "object.spec.size == 1" }],
  },
  status,
});

async function statusAfter(policy: Stored<ValidatingAdmissionPolicy> | undefined): Promise<unknown[]> {
  const reader = { get: () => Promise.resolve(policy), settings: noSettings } as unknown as Parameters<typeof controller.observe>[0];
  return controller.reconcile(await controller.observe(reader, "validatingadmissionpolicies.admissionregistration.k8s.io//p", 0)).actions
    .map((action) => ("object" in action && "subresource" in action ? [action.subresource, action.object["status"]] : action));
}

it("each generation of a policy is checked once, whatever else its status says", async () => {
  await loadCel();
  const conditions = [{ type: "a" }];
  const checked = { conditions, observedGeneration: 2, typeChecking: { expressionWarnings: [{ fieldRef: "spec.validations[0].expression", warning: expect.stringContaining("undefined field 'size'") }] } };
  expect(await statusAfter(policyWith({ conditions, observedGeneration: 1 }))).toEqual([["status", checked]]);
  expect(await statusAfter(policyWith({ observedGeneration: 2 }))).toEqual([]);
  expect(await statusAfter(undefined)).toEqual([]);
});
