/**
 * Namespaces: what each one has from its beginning, and its end.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
import type { ConfigMap, Namespace, ServiceAccount } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { storedResources } from "../resources/custom/kinds.ts";
import { resourceKey } from "../resources/resource.ts";
import { withCondition } from "./conditions.ts";
import type { Action, Controller, Reconciliation } from "./controller.ts";
import { isSame } from "./equality.ts";
import { isDeleting } from "./owner-references.ts";

export interface NamespaceSnapshot {
  namespace: Stored<Namespace> | undefined;
  /** Only of a namespace that is being deleted: everything in it, by resource (`deployments.apps`). */
  contents: Record<string, Stored<KubernetesObject>[]>;
  defaultServiceAccount: Stored<ServiceAccount> | undefined;
  rootCertificate: Stored<ConfigMap> | undefined;
  /** PEM that the ConfigMap `kube-root-ca.crt` shall hold. */
  certificate: string;
  now: number;
}

const mostAtOnce = 500;
const rootCertificateName = "kube-root-ca.crt";

export const namespaceController: Controller<NamespaceSnapshot> = {
  name: "namespaces",
  async observe(reader, key, now) {
    const name = key.slice(key.lastIndexOf("/") + 1);
    const [namespace, defaultServiceAccount, rootCertificate, certificate] = await Promise.all([
      reader.get<Namespace>(key),
      reader.get<ServiceAccount>(`serviceaccounts/${name}/default`),
      reader.get<ConfigMap>(`configmaps/${name}/${rootCertificateName}`),
      reader.credentials.rootCertificate(),
    ]);
    const contents: NamespaceSnapshot["contents"] = {};
    if (namespace !== undefined && isDeleting(namespace)) {
      // Once it was seen to be empty it goes: no kind may be missed.
      const namespaced = storedResources(await reader.verifiedSettings()).filter((resource) => resource.isNamespaced).map(resourceKey);
      await Promise.all(namespaced.map(async (resource) => {
        contents[resource] = await reader.list({ resource, namespace: name });
      }));
    }
    return { namespace, contents, defaultServiceAccount, rootCertificate, certificate, now };
  },
  reconcile: reconcileNamespace,
};

export function reconcileNamespace(snapshot: NamespaceSnapshot): Reconciliation {
  const { namespace } = snapshot;
  if (namespace === undefined) return { actions: [] };
  return isDeleting(namespace) ? terminate(namespace, snapshot) : { actions: furnish(namespace, snapshot) };
}

/** The ServiceAccount that pods get by default, and the certificate that they trust. */
function furnish(namespace: Stored<Namespace>, snapshot: NamespaceSnapshot): Action[] {
  const { defaultServiceAccount, rootCertificate, certificate } = snapshot;
  const metadata = { namespace: namespace.metadata.name };
  const actions: Action[] = [];
  if (defaultServiceAccount === undefined) {
    actions.push({ type: "create", object: { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...metadata, name: "default" } } });
  }
  const data = { "ca.crt": certificate };
  if (rootCertificate === undefined) {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: rootCertificateName }, data };
    actions.push({ type: "create", object });
  } else if (!isSame(rootCertificate.data, data)) {
    actions.push({ type: "update", object: { ...rootCertificate, data } });
  }
  return actions;
}

/**
 * Empties the namespace, pods before anything that they may need (KEP-5080: a NetworkPolicy goes after the pods that it
 * shields); when nothing is left its finalizer `kubernetes` goes, and the namespace with it.
 */
function terminate(namespace: Stored<Namespace>, snapshot: NamespaceSnapshot): Reconciliation {
  const { pods = [] } = snapshot.contents;
  const contents: NamespaceSnapshot["contents"] = pods.length > 0 ? { pods } : snapshot.contents;
  const { now } = snapshot;
  const remaining = Object.values(contents).flat();
  if (remaining.length === 0) return { actions: finalize(namespace) };
  const deletes = remaining.filter((object) => !isDeleting(object)).map((object): Action => ({ type: "delete", object }));
  const actions = deletes.slice(0, mostAtOnce);
  // What goes at once needs no report; who holds on to the namespace does, and pods take their time.
  if (deletes.length === 0 || pods.length > 0) actions.push(...report(namespace, contents, now));
  return { actions, ...(deletes.length > mostAtOnce ? { requeueAfterMs: 1 } : {}) };
}

function finalize(namespace: Stored<Namespace>): Action[] {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== "kubernetes");
  if (finalizers.length === (namespace.spec?.finalizers ?? []).length) return [];
  const object = { ...namespace, spec: { ...namespace.spec, finalizers } };
  return [{ type: "update", object, subresource: "finalize" }];
}

function report(namespace: Stored<Namespace>, contents: NamespaceSnapshot["contents"], now: number): Action[] {
  const conditions = conditionsOf(contents).reduce(
    (all, condition) => withCondition(all, condition, now),
    namespace.status?.conditions ?? [],
  );
  const object = { ...namespace, status: { ...namespace.status, conditions } };
  return isSame(object, namespace) ? [] : [{ type: "update", object, subresource: "status" }];
}

function conditionsOf(contents: NamespaceSnapshot["contents"]): { type: string; status: string; reason: string; message: string }[] {
  const counts = Object.entries(contents)
    .filter(([, objects]) => objects.length > 0)
    .map(([resource, objects]) => `${resource}${resource.includes(".") ? "" : "."} has ${objects.length} resource instances`);
  const finalizers = Map.groupBy(Object.values(contents).flat().flatMap((object) => object.metadata.finalizers ?? []), (name) => name);
  const held = [...finalizers].map(([name, all]) => `${name} in ${all.length} resource instances`).toSorted();
  return [
    { type: "NamespaceDeletionDiscoveryFailure", status: "False", reason: "ResourcesDiscovered", message: "All resources successfully discovered" },
    { type: "NamespaceDeletionGroupVersionParsingFailure", status: "False", reason: "ParsedGroupVersions", message: "All legacy kube types successfully parsed" },
    { type: "NamespaceDeletionContentFailure", status: "False", reason: "ContentDeleted", message: "All content successfully deleted, may be waiting on finalization" },
    { type: "NamespaceContentRemaining", status: "True", reason: "SomeResourcesRemain", message: `Some resources are remaining: ${counts.join(", ")}` },
    held.length === 0
      ? { type: "NamespaceFinalizersRemaining", status: "False", reason: "ContentHasNoFinalizers", message: "All content-preserving finalizers finished" }
      : { type: "NamespaceFinalizersRemaining", status: "True", reason: "SomeFinalizersRemain", message: `Some content in the namespace has finalizers remaining: ${held.join(", ")}` },
  ];
}
