/** Selection by controllers and Services. */
import { matchesSelector, type LabelSelector } from "../../protocol/selectors.ts";

/** Unlike in a query, an empty selector selects nothing: nobody shall own a whole namespace by accident. */
export function selects(selector: LabelSelector | undefined, labels: Record<string, string> | undefined): boolean {
  return !isEmpty(selector) && matchesSelector(selector, labels);
}

export function isEmpty(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0) === 0;
}
