/** Which of several classes that are marked as the default counts. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";

/** The name of the newest; of equally old ones that which comes first in the alphabet. */
export function newestDefault(classes: readonly Stored<KubernetesObject>[], marks: string[]): string | undefined {
  const marked = classes.filter(({ metadata }) => marks.some((mark) => metadata.annotations?.[mark] === "true"));
  const [newest] = marked.toSorted(({ metadata: a }, { metadata: b }) => {
    if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp ? 1 : -1;
    return a.name < b.name ? -1 : 1;
  });
  return newest?.metadata.name;
}
