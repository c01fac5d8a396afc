/** ComponentStatuses: one control plane is all its components, and its store is as well as its answer. */
import type { ComponentStatus } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { apiVersionOf } from "../registry/text.ts";
import type { Call } from "./context.ts";
import { answer, encoded } from "./formats/answer.ts";
import { partialMetadata } from "./formats/metadata-form.ts";
import { includeObjectOf, tableOf } from "./formats/table.ts";

const names = ["controller-manager", "etcd-0", "scheduler"];

export async function componentStatuses(call: Call): Promise<Response> {
  const { info, served } = call;
  const all = await components(call);
  if (info.verb === "list") {
    const metadata = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata: {}, items: all.map(partialMetadata) };
    return answered(call, all, { kind: served.listKind, apiVersion: apiVersionOf(served), metadata: {}, items: all }, metadata);
  }
  const found = all.find(({ metadata }) => metadata.name === info.name);
  if (found === undefined) throw StatusError.notFound({ group: "", kind: served.plural, name: info.name });
  return answered(call, [found], { kind: served.kind, apiVersion: apiVersionOf(served), ...found }, partialMetadata(found));
}

type Component = Stored<ComponentStatus>;

async function components({ store }: Call): Promise<Component[]> {
  const error = await problemOf(store);
  return names.map((name) => {
    const condition = name === "etcd-0" && error !== undefined ? { status: "False", error } : { status: "True", message: "ok" };
    // They are nobody's objects: without a uid, a time or a version, as upstream's.
    const metadata = { name } as Component["metadata"];
    return { metadata, conditions: [{ type: "Healthy", ...condition }] };
  });
}

async function problemOf(store: Call["store"]): Promise<string | undefined> {
  try {
    await store.describe();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** `object` and `metadata` are the two forms that differ between one and all. */
function answered(call: Call, components: Component[], object: object, metadata: object): Response {
  const { encoding, form } = call.accepted;
  return answer(call.request, encoded(shown(), encoding), { encoding });

  function shown(): object {
    switch (form) {
      case "object":
        return object;
      case "metadata":
        return metadata;
      case "table":
        return tableOf(call.served, components, {}, { include: includeObjectOf(call.query), now: call.context.now });
    }
  }
}
