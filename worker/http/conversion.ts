/** What a call for a custom kind with several versions works with, instead of the store and its feeds as they are. */
import { ConvertingStore } from "../conversion/converting-store.ts";
import { convertingWatch } from "../conversion/converting-watch.ts";
import { VersionedObjects } from "../conversion/versioned-objects.ts";
import { converterOf, isVersioned, type ConversionPorts, type VersionedKind } from "../conversion/webhook-converter.ts";
import { resourceFor } from "../resources/custom/kinds.ts";
import type { Call } from "./context.ts";
import { observeConversion } from "./metrics/conversion-metrics.ts";

export function conversionPorts(env: Pick<Call["env"], "WEBHOOK_ALLOW_PRIVATE">): ConversionPorts {
  return { allowed: env.WEBHOOK_ALLOW_PRIVATE ?? "", newUid: () => crypto.randomUUID(), now: () => Date.now(), observe: observeConversion };
}

export type Seen = Pick<Call, "store" | "openWatch" | "versioned">;

/** In the version that the path names. */
export function seenIn(kind: VersionedKind, { store, openWatch, env, settings }: Pick<Call, "store" | "openWatch" | "env" | "settings">): Seen {
  const ports = { ...conversionPorts(env), settings };
  const storeFor = (one: VersionedKind) => new ConvertingStore(store, one, ports);
  const current = async () => {
    const found = resourceFor(await settings(), kind.group, kind.version, kind.plural);
    return found !== undefined && isVersioned(found) ? found : undefined;
  };
  const versioned = new VersionedObjects(kind, converterOf(kind, ports));
  return { store: storeFor(kind).asStore(), openWatch: convertingWatch({ openWatch, current, storeFor }), versioned };
}
