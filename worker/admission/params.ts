/** The objects that a binding refers to; its policy is evaluated with each. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { requirementsOf } from "../../protocol/selectors.ts";
import { objectOf } from "../registry/text.ts";
import { resourceByKind } from "../resources/custom/kinds.ts";
import { objectKey, resourceKey } from "../resources/resource.ts";
import type { Store } from "../storage/store.ts";
import type { Bound } from "./bound-policies.ts";
import type { Review } from "./request.ts";

export type Params =
  /** One undefined: the policy has none. */
  | { objects: (KubernetesObject | undefined)[] }
  /** `isOfPolicy`: its own fault, and not the binding's. */
  | { error: string; isOfPolicy: boolean };

export type ParamStore = Pick<Store, "getMany" | "list">;

export async function paramsOf({ policy, binding }: Bound, review: Review, store: ParamStore): Promise<Params> {
  const [kind, ref] = [policy.spec?.paramKind, binding.spec?.paramRef];
  if (kind === undefined || ref === undefined) return { objects: [undefined] };
  const resource = resourceByKind(review.context.settings, kind.apiVersion ?? "", kind.kind ?? "");
  if (resource === undefined) {
    return { error: `failed to configure policy: failed to find resource referenced by paramKind: '${kind.apiVersion}, Kind=${kind.kind}'`, isOfPolicy: true };
  }
  if (!resource.isNamespaced && ref.namespace) return misconfigured("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  const namespace = resource.isNamespaced ? (ref.namespace ?? namespaceOf(review)) : "";
  if (resource.isNamespaced && namespace === "") return misconfigured("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
  const found = ref.name !== undefined
    ? (await store.getMany([objectKey(resource, namespace, ref.name)])).items
    : await select(store, { resource: resourceKey(resource), namespace, labels: requirementsOf(ref.selector ?? {}) });
  const objects = found.flatMap((stored) => (stored === undefined ? [] : [objectOf(resource, stored)]));
  if (objects.length > 0 || ref.parameterNotFoundAction === "Allow") return { objects };
  return misconfigured("no params found for policy binding with `Deny` parameterNotFoundAction");
}

const misconfigured = (why: string): Params => ({ error: `failed to configure binding: ${why}`, isOfPolicy: false });

async function select(store: ParamStore, { namespace, ...query }: { resource: string; namespace: string; labels: ReturnType<typeof requirementsOf> }) {
  const page = await store.list({ ...query, ...(namespace === "" ? {} : { namespace }) });
  return "expired" in page ? [] : page.items;
}

function namespaceOf({ resource, object, old }: Review): string {
  if (resource.group === "" && resource.plural === "namespaces") return object.metadata?.name ?? old?.metadata.name ?? "";
  return object.metadata?.namespace ?? old?.metadata.namespace ?? "";
}
