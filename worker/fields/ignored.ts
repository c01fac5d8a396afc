/** Fields that nobody owns, and those that one way of writing cannot change. */
import { leaf, type FieldSet } from "./field-set.ts";

const fieldsOf = (...names: string[]): FieldSet => Object.fromEntries(names.map((name) => [`f:${name}`, leaf]));

/** What the server says of an object, and what an object is. `metadata` itself: its parts are owned, it is not. */
export const ownedByNobody: FieldSet = {
  ...fieldsOf("apiVersion", "kind"),
  "f:metadata": {
    ".": leaf,
    ...fieldsOf(
      "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion",
    ),
  },
};

const status: FieldSet = fieldsOf("status");
const notStatus: FieldSet = { ...fieldsOf("spec"), "f:metadata": fieldsOf("labels", "ownerReferences", "deletionTimestamp") };
const nothing: FieldSet = {};

/** What is ignored of an update or apply through a subresource (`""`: the object itself), because it changes nothing there. */
export function unwritableThrough(subresource: string, hasStatus: boolean): FieldSet {
  if (subresource === "status") return notStatus;
  return subresource === "" && hasStatus ? status : nothing;
}
