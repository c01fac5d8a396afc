/** GET of one object, and the read that every update begins with. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { objectOf } from "../registry/text.ts";
import { objectKey } from "../resources/resource.ts";
import type { StoredObject } from "../storage/store.ts";
import type { Call } from "./context.ts";
import { rejectFuture, revisionOf } from "./resource-version.ts";
import { storedResponse } from "./respond.ts";

type Named = Pick<Call, "info" | "resource" | "store">;

export async function get(call: Call): Promise<Response> {
  const asked = revisionOf(call.query);
  const stored = await readStored(call);
  if (asked !== undefined && asked > stored.revision) rejectFuture(asked, (await call.store.describe()).revision);
  return storedResponse(call, stored);
}

/** Throws NotFound. */
export async function readStored({ info, resource, store }: Named): Promise<StoredObject> {
  const { namespace, name } = info;
  const stored = await store.get(objectKey(resource, namespace, name));
  if (stored === undefined) throw StatusError.notFound({ group: resource.group, kind: resource.plural, name });
  return stored;
}

/** A copy of one's own, parsed. */
export async function readCurrent(call: Named): Promise<Stored<KubernetesObject>> {
  return objectOf(call.resource, await readStored(call));
}
