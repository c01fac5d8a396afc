/** What is allowed in a pod and probably not meant (upstream's pkg/api/pod): `Warning` headers that kubectl prints. */
import type { ObjectMeta, PodSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { containerWarnings, placedContainers } from "./containers.ts";
import { fractionWarnings } from "./fractions.ts";
import { nodeChoiceWarnings, podAffinityWarnings, spreadWarnings } from "./scheduling.ts";
import { volumeWarnings } from "./volumes.ts";

interface Template {
  metadata?: ObjectMeta;
  spec?: PodSpec;
}

/** `prefix` is where a template stands (`spec.template.`), and empty for a pod. */
export function podWarnings(prefix: string, { metadata, spec }: Template): string[] {
  if (spec === undefined) return [];
  const path = `${prefix}spec`;
  return [
    ...nodeChoiceWarnings(path, spec),
    ...spreadWarnings(path, spec),
    ...oldAnnotations(`${prefix}metadata.annotations`, metadata?.annotations),
    ...volumeWarnings(path, spec),
    ...repeated(`${path}.hostAliases`, "ip", spec.hostAliases),
    ...repeated(`${path}.imagePullSecrets`, "name", spec.imagePullSecrets),
    ...emptyNames(`${path}.imagePullSecrets`, spec.imagePullSecrets),
    ...fractionWarnings(`${path}.overhead`, spec.overhead),
    ...profileAnnotations(prefix, spec, metadata?.annotations),
    ...containerWarnings(path, spec),
    ...podAffinityWarnings(path, spec),
  ];
}

const useSysctls = 'non-functional in v1.11+; use the "sysctls" field instead';
const withoutEffect: [string, string][] = [
  ["scheduler.alpha.kubernetes.io/critical-pod", 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ["security.alpha.kubernetes.io/sysctls", useSysctls],
  ["security.alpha.kubernetes.io/unsafe-sysctls", useSysctls],
];

function oldAnnotations(path: string, annotations: Record<string, string> = {}): string[] {
  return withoutEffect.flatMap(([key, what]) => (Object.hasOwn(annotations, key) ? [`${path}[${key}]: ${what}`] : []));
}

function repeated<K extends string>(path: string, field: K, items: { [key in K]?: string }[] = []): string[] {
  const seen = new Set<string>();
  return items.flatMap((item, at) => {
    const value = item[field] ?? "";
    const isSeen = seen.has(value);
    seen.add(value);
    return isSeen ? [`${path}[${at}].${field}: duplicate ${field} ${JSON.stringify(value)}`] : [];
  });
}

function emptyNames(path: string, items: { name?: string }[] = []): string[] {
  return items.flatMap(({ name = "" }, at) => (name === "" ? [`${path}[${at}].name: invalid empty name ""`] : []));
}

/** Profiles had annotations before they had fields. AppArmor's are told of in templates alone: a pod's become fields. */
function profileAnnotations(prefix: string, spec: PodSpec, annotations: Record<string, string> | undefined): string[] {
  if (annotations === undefined) return [];
  const told = (key: string, what: string) => (Object.hasOwn(annotations, key) ? [`${prefix}metadata.annotations[${key}]: ${what}`] : []);
  const useSeccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
  const useAppArmor = 'deprecated since v1.30; use the "appArmorProfile" field instead';
  const ofPod = spec.securityContext?.seccompProfile === undefined ? told("seccomp.security.alpha.kubernetes.io/pod", useSeccomp) : [];
  return [
    ...ofPod,
    ...placedContainers("", spec).flatMap(({ value: { name, securityContext } }) => {
      const hasAppArmor = prefix === "" || (securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile) !== undefined;
      return [
        ...(securityContext?.seccompProfile === undefined ? told(`container.seccomp.security.alpha.kubernetes.io/${name}`, useSeccomp) : []),
        ...(hasAppArmor ? [] : told(`container.apparmor.security.beta.kubernetes.io/${name}`, useAppArmor)),
      ];
    }),
  ];
}
