/** What the level `restricted` checks beyond `baseline`, in the order of upstream's ids. */
import type { Container, PodSpec, Volume } from "../../../../protocol/kubernetes/generated/types.ts";
import { procMount, seccomp, type Check } from "./baseline.ts";
import { containersOf, counted, namesWhere, plural, quoted, setters, sortedSet, type Violation } from "./phrases.ts";

export interface RestrictedCheck extends Check {
  /** Ids of checks of `baseline` that this one stands in for. */
  overrides?: string[];
}

export const restricted: readonly RestrictedCheck[] = [
  { id: "allowPrivilegeEscalation", since: 8, find: ({ spec }, minor) => unlessWindows(spec, minor, privilegeEscalation) },
  { id: "capabilities_restricted", since: 22, overrides: ["capabilities_baseline"], find: ({ spec }, minor) => unlessWindows(spec, minor, capabilities) },
  { id: "procMount_restricted", since: 35, overrides: ["procMount"], find: ({ spec }) => procMount(spec) },
  { id: "restrictedVolumes", overrides: ["hostPathVolumes"], find: ({ spec }) => volumeTypes(spec) },
  { id: "runAsNonRoot", find: ({ spec }, minor) => (hasOwnUsers(spec, minor) ? undefined : runAsNonRoot(spec)) },
  { id: "runAsUser", since: 23, find: ({ spec }, minor) => (hasOwnUsers(spec, minor) ? undefined : runAsUser(spec)) },
  { id: "seccompProfile_restricted", since: 19, overrides: ["seccompProfile_baseline"], find: ({ spec }, minor) => unlessWindows(spec, minor, requiredSeccomp) },
];

const hasOwnUsers = (spec: PodSpec, minor: number): boolean => minor >= 35 && spec.hostUsers === false;

/** What Windows does not know is not asked of its pods. */
function unlessWindows(spec: PodSpec, minor: number, find: (spec: PodSpec) => Violation | undefined): Violation | undefined {
  return minor >= 25 && spec.os?.name === "windows" ? undefined : find(spec);
}

function privilegeEscalation(spec: PodSpec): Violation | undefined {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return { reason: "allowPrivilegeEscalation != false", detail: `${counted("container", bad)} must set securityContext.allowPrivilegeEscalation=false` };
}

function capabilities(spec: PodSpec): Violation | undefined {
  const extra = ({ securityContext }: Container) => (securityContext?.capabilities?.add ?? []).filter((name) => name !== "NET_BIND_SERVICE");
  const keeping = namesWhere(spec, ({ securityContext }) => securityContext?.capabilities?.drop?.includes("ALL") !== true);
  const adding = namesWhere(spec, (container) => extra(container).length > 0);
  const details = [
    ...(keeping.length > 0 ? [`${counted("container", keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${counted("container", adding)} must not include ${quoted(sortedSet(containersOf(spec).flatMap(extra)))} in securityContext.capabilities.add`]
      : []),
  ];
  return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") };
}

const allowedVolumes = new Set(["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image"]);

function volumeTypes({ volumes = [] }: PodSpec): Violation | undefined {
  const typesOf = ({ name: _name, ...sources }: Volume) => Object.keys(sources).filter((type) => !allowedVolumes.has(type));
  const bad = volumes.filter((volume) => typesOf(volume).length > 0);
  if (bad.length === 0) return undefined;
  const types = sortedSet(bad.flatMap(typesOf));
  const uses = bad.length === 1 ? "uses" : "use";
  const detail = `${counted("volume", bad.map(({ name }) => name))} ${uses} restricted ${plural("volume type", types.length)} ${quoted(types)}`;
  return { reason: "restricted volume types", detail };
}

function runAsNonRoot(spec: PodSpec): Violation | undefined {
  const reason = "runAsNonRoot != true";
  const bad = setters(spec, (context) => context?.runAsNonRoot === false);
  if (bad !== "") return { reason, detail: `${bad} must not set securityContext.runAsNonRoot=false` };
  if (spec.securityContext?.runAsNonRoot === true) return undefined;
  const silent = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  return silent.length === 0 ? undefined : { reason, detail: `pod or ${counted("container", silent)} must set securityContext.runAsNonRoot=true` };
}

function runAsUser(spec: PodSpec): Violation | undefined {
  const bad = setters(spec, (context) => context?.runAsUser === 0);
  return bad === "" ? undefined : { reason: "runAsUser=0", detail: `${bad} must not set runAsUser=0` };
}

function requiredSeccomp(spec: PodSpec): Violation | undefined {
  const wrong = seccomp(spec);
  if (wrong !== undefined || spec.securityContext?.seccompProfile !== undefined) return wrong;
  const silent = namesWhere(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (silent.length === 0) return undefined;
  const detail = `pod or ${counted("container", silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return { reason: "seccompProfile", detail };
}
