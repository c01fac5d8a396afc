/** Kinds of volumes that are going or gone, files that hide a token, and claims of fractions of a byte. */
import type { PersistentVolumeClaimSpec, PodSpec, Volume } from "../../../protocol/kubernetes/generated/types.ts";
import { fractionWarnings } from "./fractions.ts";

/** By field, in upstream's order; `named` where upstream's path has another word. */
const departed: { field: keyof Volume; named?: string; what: string }[] = [
  { field: "photonPersistentDisk", what: "deprecated in v1.11, non-functional in v1.16+" },
  { field: "gitRepo", what: "deprecated in v1.11, and disabled by default in v1.33+" },
  { field: "scaleIO", what: "deprecated in v1.16, non-functional in v1.22+" },
  { field: "flocker", what: "deprecated in v1.22, non-functional in v1.25+" },
  { field: "storageos", named: "storageOS", what: "deprecated in v1.22, non-functional in v1.25+" },
  { field: "quobyte", what: "deprecated in v1.22, non-functional in v1.25+" },
  { field: "glusterfs", what: "deprecated in v1.25, non-functional in v1.26+" },
  { field: "cephfs", what: "deprecated in v1.28, non-functional in v1.31+" },
  { field: "rbd", what: "deprecated in v1.28, non-functional in v1.31+" },
];

export function volumeWarnings(path: string, { volumes = [] }: PodSpec): string[] {
  return [
    ...volumes.flatMap((volume, at) => departedSource(`${path}.volumes[${at}]`, volume)),
    ...hiddenTokens(`${path}.volumes`, volumes),
  ];
}

/** Also of a PersistentVolume, whose spec has the same fields. */
export function departedSource(path: string, source: Volume | Omit<Volume, "name">): string[] {
  const claim = source.ephemeral?.volumeClaimTemplate?.spec;
  return [
    ...departed.flatMap(({ field, named = field, what }) => (field in source ? [`${path}.${named}: ${what}`] : [])),
    ...claimWarnings(`${path}.ephemeral.volumeClaimTemplate.spec`, claim),
  ];
}

export function claimWarnings(path: string, spec: PersistentVolumeClaimSpec | undefined): string[] {
  return (["requests", "limits"] as const).flatMap((list) => fractionWarnings(`${path}.resources.${list}`, spec?.resources?.[list], ["storage"]));
}

/** A file of a projected volume at the path of a token: one of the two is not there. */
function hiddenTokens(path: string, volumes: Volume[]): string[] {
  const tokens = new Set(volumes.flatMap(({ projected }) => (projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken?.path ?? [])));
  if (tokens.size === 0) return [];
  const told = (place: string, items: { path: string }[] = []) =>
    items.flatMap((item, at) => (tokens.has(item.path) ? [`${place}[${at}]: has duplicated path with ServiceAccountToken ${JSON.stringify(item.path)}`] : []));
  return volumes.flatMap(({ projected }, at) =>
    (projected?.sources ?? []).flatMap(({ configMap, secret, downwardAPI }) => {
      const place = `${path}[${at}].projected.sources`;
      return [...told(`${place}.configMap`, configMap?.items), ...told(`${place}.secrets`, secret?.items), ...told(`${place}.downwardAPI`, downwardAPI?.items)];
    }),
  );
}
