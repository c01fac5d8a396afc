/** Ingresses. */
import type { Ingress } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { statusStrategy } from "../status-strategy.ts";
import { ingressCreateErrors, ingressErrors } from "./ingress-rules.ts";

export const ingresses = defineResource<Ingress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["ing"],
  schema: "io.k8s.api.networking.v1.Ingress",
  hasGeneration: true,
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validate: ingressErrors,
  validateCreate: ingressCreateErrors,
  warnings: classWarnings,
  subresources: { status: statusStrategy<Ingress>() },
  columns: [
    nameColumn,
    column<Ingress>("Class", "Its class.", ({ spec }) => spec?.ingressClassName ?? "<none>"),
    column<Ingress>("Hosts", "The first few hosts of its rules.", hostsText),
    column<Ingress>("Address", "Where it is reached.", addressText),
    column<Ingress>("Ports", "The ports that it opens.", ({ spec }) => ((spec?.tls ?? []).length > 0 ? "80, 443" : "80")),
    ageColumn,
  ],
});

const shownCount = 3;

function hostsText({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const hosts = rules.flatMap(({ host }) => (host ? [host] : []));
  if (hosts.length === 0) return "*";
  const shown = hosts.slice(0, shownCount).join(",");
  return hosts.length > shownCount ? `${shown} + ${rules.length - shownCount} more...` : shown;
}

function addressText({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => [ip || hostname || []].flat());
  return [...new Set(addresses)].toSorted().join(",");
}

const classAnnotation = "kubernetes.io/ingress.class";

function classWarnings({ metadata, spec }: Ingress, previous?: Ingress): string[] {
  const isOld = Object.hasOwn(metadata?.annotations ?? {}, classAnnotation) && spec?.ingressClassName === undefined;
  return previous === undefined && isOld ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`] : [];
}
