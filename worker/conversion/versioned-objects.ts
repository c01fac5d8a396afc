/**
 * Objects in other versions, for pure code that cannot wait for a webhook: what it lacks it throws, and it is run again
 * when that is there. One for each request.
 */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { InVersion } from "../fields/in-version.ts";
import { shapeOfResource } from "../registry/managed-fields.ts";
import type { Convert, VersionedKind } from "./webhook-converter.ts";

class Unconverted extends Error {
  readonly object: KubernetesObject;
  readonly apiVersion: string;

  constructor(object: KubernetesObject, apiVersion: string) {
    super(`not converted to ${apiVersion} yet`);
    this.object = object;
    this.apiVersion = apiVersion;
  }
}

export class VersionedObjects {
  readonly #kind: VersionedKind;
  readonly #convert: Convert;
  readonly #known = new Map<string, KubernetesObject>();

  constructor(kind: VersionedKind, convert: Convert) {
    this.#kind = kind;
    this.#convert = convert;
  }

  readonly inVersion: InVersion = (value, apiVersion) => {
    const { byApiVersion, webhook } = this.#kind.custom.versions;
    const resource = byApiVersion.get(apiVersion);
    if (resource === undefined || !isRecord(value)) return undefined;
    const object: KubernetesObject = value;
    if (webhook === undefined || object.apiVersion === apiVersion || !byApiVersion.has(object.apiVersion ?? "")) return { shape: shapeOfResource(resource), value };
    const known = this.#known.get(keyOf(object, apiVersion));
    if (known === undefined) throw new Unconverted(object, apiVersion);
    return { shape: shapeOfResource(resource), value: known };
  };

  /** Runs it until it lacks nothing. It may have changed what it was given, but must not care to be run on that. */
  async settled<T>(work: () => T): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof Unconverted)) throw error;
        const { object, apiVersion } = error;
        const key = keyOf(object, apiVersion);
        const [converted] = await this.#convert([structuredClone(object)], apiVersion);
        this.#known.set(key, converted ?? object);
      }
    }
  }
}

/** Who owns what, and since which revision, is no part of what is converted. */
function keyOf(object: KubernetesObject, apiVersion: string): string {
  const { managedFields: _fields, resourceVersion: _revision, ...metadata } = object.metadata ?? {};
  return `${apiVersion} ${JSON.stringify({ ...object, metadata })}`;
}
