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

/** Of an update: it must say whom it means, in the words of the path. */
export function checkName({ info }: Pick<Call, "info">, object: KubernetesObject): void {
  const { name = "", namespace = "" } = (object.metadata ??= {});
  if (name === "") {
    throw StatusError.badRequest(`the name of the object (${info.name} based on URL) was undeterminable: name must be provided`);
  }
  if (name !== info.name) throw StatusError.badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`);
  if (info.namespace === "" || namespace === "" || namespace === info.namespace) return;
  throw StatusError.badRequest(
    `the namespace of the object (${namespace}) does not match the namespace on the request (${info.namespace})`,
  );
}
