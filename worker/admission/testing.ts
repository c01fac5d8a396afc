/** For tests of admission: a request, in a cluster with the settings that the test names. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { resourceOf } from "../resources/registry.ts";
import { context } from "../resources/testing.ts";
import type { Review } from "./request.ts";

export function reviewOf(object: KubernetesObject): Review {
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
  return { operation: "CREATE", resource, subresource: "", object, context, isDryRun: false };
}
