/** For tests of admission: what a request brings, where nothing is looked up. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { admin } from "../auth/user.ts";
import { resourceOf } from "../resources/registry.ts";
import type { RequestContext } from "../resources/resource.ts";
import type { SettingResource } from "../resources/settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { Review } from "./request.ts";

export function settingsWith(lists: Partial<Record<SettingResource, KubernetesObject[]>>): Settings {
  return { list: <T extends KubernetesObject>(resource: SettingResource) => (lists[resource] ?? []) as unknown as readonly Stored<T>[] };
}

export function reviewOf(object: KubernetesObject, more: Partial<Review> & { settings?: Settings; user?: RequestContext["user"] } = {}): Review {
  const { settings = settingsWith({}), user = admin, ...rest } = more;
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
  const context: RequestContext = {
    now: 0,
    newUid: () => "uid",
    randomSuffix: (length) => "x".repeat(length),
    user,
    config: { serviceCidr: "10.0.0.0/16", clusterCidr: "10.1.0.0/16", clusterDomain: "cluster.local" },
    settings,
  };
  return { operation: "CREATE", resource, subresource: "", object, context, isDryRun: false, ...rest };
}

export function configMap(name: string, data: Record<string, string> = {}, metadata: object = {}): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "n", ...metadata }, data };
}
