/**
 * The order of admission. Of a write:
 *
 *     decoded, defaulted → mutating plugins → [policies and webhooks that mutate] → prepared, validated
 *       → validating plugins → [policies and webhooks that validate] → the store, which has the last word on quotas
 *
 * What stands in brackets asks others and is ../../admission's; it takes place only where something is configured.
 */
import { resourceKey, type Resource } from "../../resources/resource.ts";
import type { ObjectKey, Requirement } from "../../storage/store.ts";
import { defaultIngressClass } from "./default-ingress-class.ts";
import { defaultPriorityClass } from "./default-priority-class.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { limitRanger } from "./limit-ranger.ts";
import type { Attributes, Plugin } from "./plugin.ts";
import { podSecurity, podSecurityLabels } from "./pod-security/plugin.ts";
import { priority } from "./priority.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { volumeResize } from "./volume-resize.ts";

/** In kube-apiserver's order. */
const plugins: readonly Plugin[] = [
  limitRanger,
  serviceAccount,
  podSecurity,
  podSecurityLabels,
  priority,
  defaultPriorityClass,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  volumeResize,
  runtimeClass,
  defaultIngressClass,
];

/** By resource, as each is first met. */
const chains = new Map<string, readonly Plugin[]>();

function chainOf(resource: Resource): readonly Plugin[] {
  const key = resourceKey(resource);
  const known = chains.get(key);
  if (known !== undefined) return known;
  const chain = plugins.filter(({ resources }) => resources.includes(key) || resources.includes("*"));
  chains.set(key, chain);
  return chain;
}

export function needsOf(attributes: Attributes): ObjectKey[] {
  return chainOf(attributes.resource).flatMap((plugin) => plugin.needs?.(attributes) ?? []);
}

export function mutate(attributes: Attributes): void {
  for (const plugin of chainOf(attributes.resource)) plugin.mutate?.(attributes);
}

/** The warnings of those that let it pass. */
export function validate(attributes: Attributes): string[] {
  return chainOf(attributes.resource).flatMap((plugin) => plugin.validate?.(attributes) ?? []);
}

export function requirementsOf(attributes: Attributes): Requirement[] {
  return chainOf(attributes.resource).flatMap((plugin) => plugin.requires?.(attributes) ?? []);
}
