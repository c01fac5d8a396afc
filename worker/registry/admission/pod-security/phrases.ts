/** How the checks say whom they mean. Words and order are upstream's. */
import type { Container, PodSecurityContext, PodSpec, SecurityContext } from "../../../../protocol/kubernetes/generated/types.ts";

/** One problem: `reason (detail)`. */
export interface Violation {
  reason: string;
  detail: string;
}

export function containersOf({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): Container[] {
  return [...initContainers, ...(containers ?? []), ...ephemeralContainers];
}

export function namesWhere(spec: PodSpec, isBad: (container: Container) => boolean): string[] {
  return containersOf(spec).filter(isBad).map(({ name }) => name);
}

export const quoted = (names: Iterable<string>): string => [...names].map((name) => JSON.stringify(name)).join(", ");
export const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`);
/** `container "a"`, `containers "a", "b"`. */
export const counted = (word: string, names: string[]): string => `${plural(word, names.length)} ${quoted(names)}`;
export const sortedSet = (values: string[]): string[] => [...new Set(values)].toSorted();

/** Whoever sets something bad: `pod and containers "a", "b"`; empty if nobody does. */
export function setters(spec: PodSpec, isBad: (context: PodSecurityContext | SecurityContext | undefined) => boolean): string {
  const bad = namesWhere(spec, ({ securityContext }) => isBad(securityContext));
  return [...(isBad(spec.securityContext) ? ["pod"] : []), ...(bad.length > 0 ? [counted("container", bad)] : [])].join(" and ");
}

/** What pod and containers say about one thing. */
export function valuesOf<T>(spec: PodSpec, value: (context: PodSecurityContext | SecurityContext | undefined) => T | undefined): T[] {
  const contexts = [spec.securityContext, ...containersOf(spec).map(({ securityContext }) => securityContext)];
  return contexts.map(value).filter((one) => one !== undefined);
}
