/** ServiceCIDRs: from where the addresses of Services come. The one called `kubernetes` says what is configured. */
import type { ServiceCIDR } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import type { FieldError } from "../resource.ts";
import { cidrError, parseCidr } from "../rules/addresses.ts";
import { immutableField } from "../rules/data-rules.ts";
import { invalid, required } from "../rules/field-errors.ts";
import { statusStrategy } from "../status-strategy.ts";

export const serviceCidrs = defineResource<ServiceCIDR>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  schema: "io.k8s.api.networking.v1.ServiceCIDR",
  isNamespaced: false,
  prepareForCreate(range) {
    range.status = {};
  },
  validate: cidrsErrors,
  validateUpdate: (next, previous) => immutableField("spec.cidrs", next.spec?.cidrs, previous.spec?.cidrs),
  subresources: { status: statusStrategy<ServiceCIDR>() },
  columns: [nameColumn, column<ServiceCIDR>("CIDRs", "The ranges.", ({ spec }) => (spec?.cidrs ?? []).join(",")), ageColumn],
});

function cidrsErrors({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required("spec.cidrs", "at least one CIDR required")];
  if (cidrs.length > 2) return [invalid("spec.cidrs", spec, "may only hold up to 2 values")];
  const parsed = cidrs.map(parseCidr);
  if (cidrs.length === 2 && parsed[0]?.bits === parsed[1]?.bits) {
    return [invalid("spec.cidrs", spec, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64")];
  }
  return cidrs.flatMap((cidr, at) => (parsed[at] === undefined ? [invalid(`spec.cidrs[${at}]`, cidr, cidrError)] : []));
}
