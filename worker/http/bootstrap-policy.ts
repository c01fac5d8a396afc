/**
 * The default roles and bindings: written once for a cluster, again where a newer script knows others, and put back
 * when somebody deleted one. A note of what was written costs one row to read; without it each isolate would read
 * all of them when it starts.
 */
import { policySource } from "../auth/rbac/default-policy.ts";
import { isPolicyThere, policyChanges } from "../auth/rbac/reconcile-policy.ts";
import type { Env } from "../env.ts";
import { requestContext } from "../registry/context.ts";
import { planner } from "../registry/planner.ts";
import type { Planned } from "../registry/registry.ts";
import { textOf } from "../registry/text.ts";
import { writePlanned } from "../registry/writer.ts";
import { contentHash } from "../resources/content-hash.ts";
import { resourceOf } from "../resources/registry.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { noSettings, type Settings } from "../settings/settings.ts";
import { settingsCache } from "../settings/settings-cache.ts";
import type { Store, WriteOperation } from "../storage/store.ts";

const system = { name: "system:apiserver", groups: ["system:masters"] };
const noteName = "rbac-defaults";
const noteKey = `_bootstrap//${noteName}`;

export async function ensureDefaultPolicy(env: Env, store: Store): Promise<void> {
  const note = await store.get(noteKey);
  const source = contentHash(policySource());
  if (note !== undefined && (JSON.parse(note.text) as { source?: string }).source === source) return;
  await writeMissing(env, store, await settingsCache.verified(store));
  await store.write({ operations: [noteOf(source, note?.revision)] });
}

/** Once an isolate, where the settings are at hand. */
let isLooked = false;

/** Undefined: there is nothing to wait for. */
export function mendDefaultPolicy(env: Env, store: Store, settings: Settings): Promise<void> | undefined {
  if (isLooked) return undefined;
  isLooked = true;
  return isPolicyThere(settings) ? undefined : mend(env, store);
}

async function mend(env: Env, store: Store): Promise<void> {
  try {
    await writeMissing(env, store, await settingsCache.verified(store));
  } catch (error) {
    console.error(JSON.stringify({ level: "error", message: "default roles could not be put back", error: String(error) }));
  }
}

/** Who was faster has written the same. */
async function writeMissing(env: Env, store: Store, settings: Settings): Promise<void> {
  const { create, update } = policyChanges(settings);
  const context = requestContext(env, system, noSettings);
  const created = create.map((object) => planner.create(known(object), structuredClone(object), context));
  const updated = update.flatMap(({ current, next }): Planned[] => {
    const planned = planner.update({ resource: known(current), current, next: structuredClone(next), context });
    return planned === undefined ? [] : [planned];
  });
  const written = await writePlanned(store, [...created, ...updated]);
  const failed = written.find(({ result }) => !result.ok && result.reason !== "exists" && result.reason !== "conflict");
  if (failed !== undefined) throw new Error(`default policy: ${JSON.stringify(failed.result)}`);
}

function known(object: KubernetesObject) {
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error(`no such kind: ${object.kind ?? ""}`);
  return resource;
}

/** kedge's own object, which no path of the API serves. */
function noteOf(source: string, revision: number | undefined): WriteOperation {
  const text = textOf({ metadata: { name: noteName }, source });
  const index = { uid: noteName, labels: {}, fields: { "metadata.name": noteName }, terms: [], generation: 0, isDeleting: false, isSettled: true };
  if (revision === undefined) return { verb: "create", key: noteKey, text, index };
  return { verb: "update", key: noteKey, text, index, expect: { revision } };
}
