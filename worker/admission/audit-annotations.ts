/** What ValidatingAdmissionPolicies leave in the audit log, in upstream's words. Pure. */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../protocol/kubernetes/generated/types.ts";
import type { RequestContext } from "../resources/resource.ts";
import type { Bound } from "./bound-policies.ts";

const failureKey = "validation.policy.admission.k8s.io/validation_failure";
const longestValueBytes = 10 * 1024;

export class Annotations {
  /** By key, several where parameters made them differ. */
  readonly #values = new Map<string, Set<string>>();
  readonly #failures: object[] = [];

  add(key: string, value: string): void {
    const values = this.#values.get(key) ?? new Set();
    this.#values.set(key, values.add(value.slice(0, longestValueBytes)));
  }

  addFailure({ policy, binding }: Bound<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>, { at, message }: { at: number; message: string }): void {
    this.#failures.push({
      message,
      policy: policy.metadata.name,
      binding: binding.metadata.name,
      expressionIndex: at,
      validationActions: binding.spec?.validationActions ?? [],
    });
  }

  publish(context: Pick<RequestContext, "annotate">): void {
    for (const [key, values] of this.#values) context.annotate?.(key, [...values].join(", "));
    if (this.#failures.length > 0) context.annotate?.(failureKey, JSON.stringify(this.#failures));
  }
}
