/** EndpointSlices: which addresses stand behind a Service. */
import type { EndpointSlice } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { endpointSliceErrors } from "../core/endpoint-rules.ts";
import { immutableField } from "../rules/data-rules.ts";
import { defineResource } from "../define.ts";

export const endpointSlices = defineResource<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  schema: "io.k8s.api.discovery.v1.EndpointSlice",
  hasGeneration: true,
  applyDefaults({ ports }) {
    for (const port of ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  validate: endpointSliceErrors,
  validateUpdate: (next, previous) => immutableField("addressType", next.addressType, previous.addressType),
  columns: [
    nameColumn,
    column<EndpointSlice>("AddressType", "IPv4, IPv6 or FQDN.", ({ addressType }) => addressType),
    column<EndpointSlice>("Ports", "The first few ports.", ({ ports = [] }) =>
      firstFew(ports.map(({ port }) => (port === undefined ? "*" : String(port)))),
    ),
    column<EndpointSlice>("Endpoints", "The first few addresses.", ({ endpoints }) =>
      firstFew((endpoints ?? []).flatMap(({ addresses }) => addresses)),
    ),
    ageColumn,
  ],
});

const shownCount = 3;

function firstFew(items: string[]): string {
  if (items.length === 0) return "<unset>";
  const rest = items.length - shownCount;
  const shown = items.slice(0, shownCount).join(",");
  return rest > 0 ? `${shown} + ${rest} more...` : shown;
}
