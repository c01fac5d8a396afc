/** Endpoints: the older form of EndpointSlices, kept for the clients that read it. */
import type { Endpoints } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { endpointsErrors } from "./endpoint-rules.ts";

export const endpoints = defineResource<Endpoints>({
  version: "v1",
  kind: "Endpoints",
  listKind: "EndpointsList",
  plural: "endpoints",
  singular: "endpoints",
  shortNames: ["ep"],
  schema: "io.k8s.api.core.v1.Endpoints",
  isCreatedByUpdate: true,
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  applyDefaults({ subsets }) {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ??= "TCP";
  },
  validate: endpointsErrors,
  columns: [nameColumn, column<Endpoints>("Endpoints", "The first few ready addresses.", endpointsText), ageColumn],
});

const shownCount = 3;

function endpointsText({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const ips = addresses.map(({ ip }) => ip);
    if (ports.length === 0) return ips;
    return ports.flatMap(({ port }) => ips.map((ip) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)));
  });
  if (all.length === 0) return "<none>";
  const rest = all.length - shownCount;
  const shown = all.slice(0, shownCount).join(",");
  return rest > 0 ? `${shown} + ${rest} more...` : shown;
}
