/** `pods/binding`: a write to a pod in another kind's clothes. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError, type Status } from "../../protocol/status.ts";
import { boundPod } from "../registry/binding.ts";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { pods } from "../resources/core/pods.ts";
import { admitSubresource } from "./admission.ts";
import { parseBody, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { isDryRun } from "./options.ts";
import { objectResponse } from "./respond.ts";
import { commitUpdate } from "./update.ts";

const done: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };

/** Binds a pod to a node, once. */
export async function bind(call: Call): Promise<Response> {
  return await bound(call, await bindingOf(call));
}

/** The same by the older path, which leaves it to the body to name the pod. */
export async function bindNamed(call: Call): Promise<Response> {
  const body = await bindingOf(call);
  const { name } = isRecord(body["metadata"]) ? body["metadata"] : {};
  if (typeof name !== "string" || name === "") throw StatusError.badRequest("metadata.name: Required value");
  return await bound({ ...call, resource: pods, served: pods, info: { ...call.info, resource: "pods", name, subresource: "binding" } }, body);
}

async function bindingOf(call: Call): Promise<Record<string, unknown>> {
  return recordOf(parseBody(await readBody(call.request), "Binding"), "Binding");
}

async function bound(call: Call, body: Record<string, unknown>): Promise<Response> {
  const target = isRecord(body["target"]) ? body["target"] : {};
  const kind = target["kind"];
  if (kind !== undefined && kind !== "" && kind !== "Node") {
    throw StatusError.badRequest(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  }
  const nodeName = typeof target["name"] === "string" ? target["name"] : "";
  const { uid } = isRecord(body["metadata"]) ? body["metadata"] : {};
  const next = (current: Stored<KubernetesObject>) => {
    const pod = boundPod(current, { nodeName }, call.context.now);
    return typeof uid === "string" ? { ...pod, metadata: { ...pod.metadata, uid } } : pod;
  };
  await admitSubresource(call, { operation: "CREATE", as: { group: "", version: "v1", kind: "Binding" }, body, isDryRun: isDryRun(call.query) });
  await commitUpdate(call, next, { isDryRun: isDryRun(call.query), hasPrecondition: false, subresource: "binding" });
  return objectResponse(call, done, 201);
}

function recordOf(value: unknown, kind: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw StatusError.badRequest(`the body must be a ${kind}`);
}
