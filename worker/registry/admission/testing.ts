/** For unit tests: requests as admission sees them, in a cluster with settings that the test names. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { StatusError } from "../../../protocol/status.ts";
import { resourceOf } from "../../resources/registry.ts";
import type { RequestContext } from "../../resources/resource.ts";
import type { SettingResource } from "../../resources/settings.ts";
import { context } from "../../resources/testing.ts";
import type { Settings } from "../../settings/settings.ts";
import { planner } from "../planner.ts";

/** Objects by resource key; their metadata need no more than a name. */
export function settingsOf(objects: Partial<Record<SettingResource, KubernetesObject[]>>): Settings {
  const lists = new Map(Object.entries(objects));
  const none: KubernetesObject[] = [];
  // A test says what it needs of an object.
  return { list: <T extends KubernetesObject>(resource: string) => (lists.get(resource) ?? none) as unknown as readonly Stored<T>[] };
}

export function contextWith(objects: Partial<Record<SettingResource, KubernetesObject[]>>): RequestContext {
  return { ...context, settings: settingsOf(objects), found: new Map([["serviceaccounts/default/default", account]]) };
}

/** Every namespace has it; here it brings pods nothing. */
const account = {
  metadata: { name: "default", namespace: "default", uid: "account", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  automountServiceAccountToken: false,
};

/** What a create stores, or `code message` of its refusal. */
export function admitted<T extends KubernetesObject>(object: T, within: RequestContext = context): T {
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error(`no such kind: ${object.kind ?? ""}`);
  return planner.create(resource, structuredClone(object), within).object as T; // planning changes what it was given
}

export function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "not refused";
}

/** A pod in the namespace `default`. */
export function pod(spec: object = {}, metadata: object = {}): KubernetesObject & { spec: Record<string, unknown> } {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "x", namespace: "default", ...metadata }, spec: { containers: [{ name: "c", image: "app:1" }], ...spec } };
}
