/**
 * Selectors that the store cannot judge, because its index knows an object as it was stored: labels and fields of an
 * object that is converted, fields that the definition did not name when the object was written. Pure.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { matchesFields, matchesLabels } from "../../protocol/selectors.ts";
import type { Resource } from "../resources/resource.ts";
import type { Selection } from "../storage/store.ts";

export interface SplitSelection {
  /** For the store. */
  stored: Selection;
  /** Undefined: the store has judged it all. */
  isMatch: ((object: Stored<KubernetesObject>) => boolean) | undefined;
}

export function splitSelection<T extends Selection>(resource: Resource, selection: T): { stored: T; isMatch: SplitSelection["isMatch"] } {
  const { labels = [], fields = [], ...rest } = selection;
  const { versions } = resource.custom ?? {};
  const ofNames = fields.filter(({ field }) => field.startsWith("metadata."));
  const ofContent = fields.filter((one) => !ofNames.includes(one));
  const ofLabels = versions?.webhook === undefined ? [] : labels;
  const isJudged = versions === undefined || (versions.webhook === undefined && !versions.isChanged);
  if (isJudged || ofContent.length + ofLabels.length === 0) return { stored: selection, isMatch: undefined };
  const stored = {
    ...rest,
    ...(ofLabels.length > 0 || labels.length === 0 ? {} : { labels }),
    ...(ofNames.length === 0 ? {} : { fields: ofNames }),
  };
  const isMatch = (object: Stored<KubernetesObject>) =>
    matchesLabels(ofLabels, object.metadata.labels) && matchesFields(ofContent, resource.selectableFields?.(object) ?? {});
  // Only what is optional was taken away.
  return { stored: stored as T, isMatch };
}
