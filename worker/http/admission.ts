/** What a call's admission is given. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { admitConnection, type AdmissionPorts } from "../admission/admit.ts";
import type { ReviewedKind } from "../admission/request.ts";
import type { Operation } from "../registry/admission/plugin.ts";
import { planner } from "../registry/planner.ts";
import { StatusError } from "../../protocol/status.ts";
import { settingsCache } from "../settings/settings-cache.ts";
import type { Call } from "./context.ts";

export function admissionPorts({ store, env, versioned }: Pick<Call, "store" | "env" | "versioned">, isDryRun: boolean): AdmissionPorts {
  const verified = () => settingsCache.verified(store);
  return { planner, store, verified, isDryRun, allowed: env.WEBHOOK_ALLOW_PRIVATE ?? "", ...(versioned === undefined ? {} : { versioned }) };
}

export interface Connecting {
  operation: Operation;
  as: ReviewedKind;
  /** What is asked, without its kind and name. */
  body: Record<string, unknown>;
  isDryRun?: boolean;
}

/** For a subresource that is no part of the object. */
export async function admitSubresource(call: Call, { operation, as, body, isDryRun = false }: Connecting): Promise<string[]> {
  const { resource, info, settings } = call;
  const { metadata = {} } = body as KubernetesObject;
  // Also of what asks with an object of its own: it is about the object of the path.
  if (metadata.namespace && metadata.namespace !== info.namespace) {
    throw StatusError.badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const object: KubernetesObject = { ...body, metadata: { ...metadata, name: info.name, namespace: info.namespace } };
  const context = { ...call.context, settings: await settings() };
  return await admitConnection({ operation, resource, subresource: info.subresource, as, object, context }, admissionPorts(call, isDryRun));
}
