/** Whether a pod that is bound to a node is, or names, an object: what `ifBound` of ./authorize.ts asks. */
import { objectOf } from "../registry/text.ts";
import { pods } from "../resources/core/pods.ts";
import type { Store } from "../storage/store.ts";
import type { Attributes } from "./authorize.ts";

export async function isBound(store: Store, node: string, request: Attributes): Promise<boolean> {
  const { resource, namespace, name } = request;
  if (resource === "pods") {
    const stored = await store.get(`pods/${namespace}/${name}`);
    // A pod that is not there is answered with 404, as upstream's cache-less graph does for a kubelet.
    return stored === undefined || nodeOf(objectOf(pods, stored)) === node;
  }
  const page = await store.list({
    resource: "pods",
    namespace,
    term: `ref:${resource}/${namespace}/${name}`,
    fields: [{ field: "spec.nodeName", operator: "=", value: node }],
    limit: 1,
  });
  return !("expired" in page) && page.items.length > 0;
}

function nodeOf(pod: { spec?: unknown }): string | undefined {
  const spec = pod.spec;
  const isObject = typeof spec === "object" && spec !== null && "nodeName" in spec;
  return isObject && typeof spec.nodeName === "string" ? spec.nodeName : undefined;
}
