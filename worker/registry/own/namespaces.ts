/** Namespaces: born with the finalizer `kubernetes`, deleted in two steps, four of them never. */
import { StatusError } from "../../../protocol/status.ts";
import type { Namespace } from "../../../protocol/kubernetes/generated/types.ts";
import type { Hooks } from "./hooks.ts";

const immortal = ["default", "kube-system", "kube-public"];
const nameLabel = "kubernetes.io/metadata.name";

export const namespaceHooks: Hooks = {
  resource: "namespaces",
  create(object) {
    const namespace: Namespace = object;
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes("kubernetes")) namespace.spec = { ...namespace.spec, finalizers: [...finalizers, "kubernetes"] };
    namespace.status = { phase: "Active" };
    label(namespace);
    return undefined;
  },
  update({ next, previous, subresource }) {
    const namespace: Namespace = next;
    const before: Namespace = previous;
    label(namespace);
    // Only `finalize` changes the finalizers of the spec, only `status` the phase.
    if (subresource !== "finalize") namespace.spec = before.spec;
    if (subresource !== "status") namespace.status = before.status;
    return undefined;
  },
  delete(current) {
    const { name } = current.metadata;
    if (!immortal.includes(name)) return;
    throw StatusError.forbidden({ group: "", kind: "namespaces", name }, "this namespace may not be deleted");
  },
  markDeleted(object) {
    const namespace: Namespace = object;
    namespace.status = { ...namespace.status, phase: "Terminating" };
  },
  holds(object) {
    const namespace: Namespace = object;
    return (namespace.spec?.finalizers ?? []).length > 0;
  },
};

function label(namespace: Namespace): void {
  const metadata = (namespace.metadata ??= {});
  metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name ?? "" };
}
