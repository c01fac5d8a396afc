/** The name and namespace that a body says must be those of the path. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { Call } from "./context.ts";

export function placeInNamespace({ info, resource }: Pick<Call, "info" | "resource">, object: KubernetesObject): void {
  const metadata = (object.metadata ??= {});
  if (!resource.isNamespaced) {
    if (metadata.namespace) throw StatusError.badRequest("namespace is not allowed on this type");
    return;
  }
  if (metadata.namespace && metadata.namespace !== info.namespace) {
    throw StatusError.badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  metadata.namespace = info.namespace;
}

export function checkName({ info }: Pick<Call, "info">, object: KubernetesObject): void {
  const metadata = (object.metadata ??= {});
  metadata.name ||= info.name;
  if (metadata.name === info.name) return;
  throw StatusError.badRequest(
    `the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`,
  );
}
