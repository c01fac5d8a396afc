/** IPAddresses: who holds an address of the cluster, by the address's own name. */
import type { IPAddress } from "../../../protocol/kubernetes/generated/types.ts";
import { column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import type { FieldError } from "../resource.ts";
import { canonicalIpErrors } from "../rules/addresses.ts";
import { immutableField } from "../rules/data-rules.ts";
import { invalidFor, required } from "../rules/field-errors.ts";
import { dns1123SubdomainErrors, pathSegmentNameErrors } from "../rules/names.ts";

export const ipAddresses = defineResource<IPAddress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IPAddress",
  plural: "ipaddresses",
  shortNames: ["ip"],
  schema: "io.k8s.api.networking.v1.IPAddress",
  isNamespaced: false,
  takesAnyName: true,
  validate: addressErrors,
  validateUpdate: (next, previous) => immutableField("spec.parentRef", next.spec?.parentRef, previous.spec?.parentRef),
  columns: [nameColumn, column<IPAddress>("ParentRef", "Who holds it.", parentText)],
  selectableFields: ({ spec }) => {
    const { group = "", resource = "", namespace = "", name = "" } = spec?.parentRef ?? {};
    return { "spec.parentRef.group": group, "spec.parentRef.resource": resource, "spec.parentRef.namespace": namespace, "spec.parentRef.name": name };
  },
});

function addressErrors({ metadata, spec }: IPAddress): FieldError[] {
  const name = metadata?.name ?? "";
  const errors = name === "" ? [] : invalidFor("metadata.name", name, canonicalIpErrors(name));
  const parent = spec?.parentRef;
  if (parent === undefined) return [...errors, required("spec.parentRef")];
  const path = "spec.parentRef";
  if (parent.group) errors.push(...invalidFor(`${path}.group`, parent.group, dns1123SubdomainErrors(parent.group)));
  for (const field of ["resource", "name"] as const) {
    const value = parent[field];
    errors.push(...(value ? invalidFor(`${path}.${field}`, value, pathSegmentNameErrors(value)) : [required(`${path}.${field}`)]));
  }
  if (parent.namespace) errors.push(...invalidFor(`${path}.namespace`, parent.namespace, pathSegmentNameErrors(parent.namespace)));
  return errors;
}

/** `services/default/web` */
function parentText({ spec }: IPAddress): string {
  const { parentRef } = spec ?? {};
  if (parentRef === undefined) return "<none>";
  const kind = parentRef.group ? `${parentRef.resource}.${parentRef.group}` : parentRef.resource;
  return [kind?.toLowerCase(), ...(parentRef.namespace ? [parentRef.namespace] : []), parentRef.name].join("/");
}
