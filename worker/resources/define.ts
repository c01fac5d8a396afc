/** What most kinds share, so that a kind's own file says only what is special about it. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { ageColumn, nameColumn } from "./columns.ts";
import type { Resource } from "./resource.ts";

type Own<T extends KubernetesObject> = Pick<Resource<T>, "version" | "kind" | "plural" | "schema"> & Partial<Resource<T>>;

export const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** Fills in: core group, namespaced, every verb, no subresources, no own rules, columns NAME and AGE. */
export function defineResource<T extends KubernetesObject>(own: Own<T>): Resource<T> {
  return {
    group: "",
    listKind: `${own.kind}List`,
    singular: own.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    isNamespaced: true,
    verbs: allVerbs,
    hasGeneration: false,
    subresources: {},
    columns: [nameColumn, ageColumn],
    validate: () => [],
    ...own,
  };
}
