/** The checks of the level `baseline`, in the order of upstream's ids. */
import type { Container, Lifecycle, Pod, PodSpec, Probe, SecurityContext } from "../../../../protocol/kubernetes/generated/types.ts";
import { containersOf, counted, namesWhere, plural, quoted, setters, sortedSet, valuesOf, type Violation } from "./phrases.ts";

export interface Check {
  id: string;
  /** Kubernetes 1.N that has it; it is left out at an older version. */
  since?: number;
  find(pod: Pod & { spec: PodSpec }, minor: number): Violation | undefined;
}

export const baseline: readonly Check[] = [
  { id: "appArmorProfile", find: appArmor },
  { id: "capabilities_baseline", find: ({ spec }) => capabilities(spec) },
  { id: "hostNamespaces", find: ({ spec }) => hostNamespaces(spec) },
  { id: "hostPathVolumes", find: ({ spec }) => hostPaths(spec) },
  { id: "hostPorts", find: ({ spec }) => hostPorts(spec) },
  { id: "hostProbesAndHostLifecycle", since: 34, find: ({ spec }) => probeHosts(spec) },
  { id: "privileged", find: ({ spec }) => privileged(spec) },
  { id: "procMount", find: ({ spec }, minor) => (minor >= 35 && spec.hostUsers === false ? undefined : procMount(spec)) },
  { id: "seLinuxOptions", find: ({ spec }, minor) => seLinux(spec, minor) },
  { id: "seccompProfile_baseline", since: 19, find: ({ spec }) => seccomp(spec) },
  { id: "sysctls", find: ({ spec }, minor) => sysctls(spec, minor) },
  { id: "windowsHostProcess", find: ({ spec }) => hostProcess(spec) },
];

const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
const isAllowedAppArmor = (profile: string) => profile === "" || profile === "runtime/default" || profile.startsWith("localhost/");

function appArmor({ metadata, spec }: Pod & { spec: PodSpec }): Violation | undefined {
  const isBad = (context: { appArmorProfile?: { type: string } } | undefined) => context?.appArmorProfile?.type === "Unconfined";
  const bad = setters(spec, isBad);
  const annotations = Object.entries(metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isAllowedAppArmor(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const details = [...(bad === "" ? [] : [`${bad} must not set AppArmor profile type to "Unconfined"`]), ...annotations.toSorted()];
  return details.length === 0 ? undefined : { reason: plural("forbidden AppArmor profile", details.length), detail: details.join(", ") };
}

const defaultCapabilities = new Set([
  "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
]);

function capabilities(spec: PodSpec): Violation | undefined {
  const extra = ({ securityContext }: Container) => (securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name));
  const bad = namesWhere(spec, (container) => extra(container).length > 0);
  if (bad.length === 0) return undefined;
  const added = sortedSet(containersOf(spec).flatMap(extra));
  return { reason: "non-default capabilities", detail: `${counted("container", bad)} must not include ${quoted(added)} in securityContext.capabilities.add` };
}

function hostNamespaces({ hostNetwork, hostPID, hostIPC }: PodSpec): Violation | undefined {
  const shared = Object.entries({ hostNetwork, hostPID, hostIPC }).filter(([, isShared]) => isShared === true);
  return shared.length === 0 ? undefined : { reason: "host namespaces", detail: shared.map(([name]) => `${name}=true`).join(", ") };
}

function hostPaths({ volumes = [] }: PodSpec): Violation | undefined {
  const bad = volumes.filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  return bad.length === 0 ? undefined : { reason: "hostPath volumes", detail: counted("volume", bad) };
}

function hostPorts(spec: PodSpec): Violation | undefined {
  const portsOf = ({ ports = [] }: Container) => ports.flatMap(({ hostPort }) => (hostPort ? [hostPort] : []));
  const bad = namesWhere(spec, (container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sortedSet(containersOf(spec).flatMap(portsOf).map(String));
  return { reason: "hostPort", detail: `${counted("container", bad)} ${bad.length === 1 ? "uses" : "use"} ${plural("hostPort", ports.length)} ${ports.join(", ")}` };
}

function probeHosts(spec: PodSpec): Violation | undefined {
  const bad = namesWhere(spec, (container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = sortedSet(containersOf(spec).flatMap(hostsOf));
  const uses = bad.length === 1 ? "uses" : "use";
  return { reason: "probe or lifecycle host", detail: `${counted("container", bad.toSorted())} ${uses} ${counted("probe or lifecycle host", hosts)}` };
}

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] {
  type Handler = Pick<Probe, "httpGet" | "tcpSocket"> | Lifecycle["postStart"];
  const handlers: Handler[] = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
  return handlers.flatMap((handler) => [handler?.httpGet?.host ?? "", handler?.tcpSocket?.host ?? ""]).filter((host) => host !== "");
}

function privileged(spec: PodSpec): Violation | undefined {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true);
  return bad.length === 0 ? undefined : { reason: "privileged", detail: `${counted("container", bad)} must not set securityContext.privileged=true` };
}

export function procMount(spec: PodSpec): Violation | undefined {
  const isBad = (mount: string | undefined) => mount !== undefined && mount !== "Default";
  const bad = namesWhere(spec, ({ securityContext }) => isBad(securityContext?.procMount));
  if (bad.length === 0) return undefined;
  const mounts = sortedSet(containersOf(spec).flatMap(({ securityContext }) => securityContext?.procMount ?? []).filter(isBad));
  return { reason: "procMount", detail: `${counted("container", bad)} must not set securityContext.procMount to ${quoted(mounts)}` };
}

const seLinuxTypes = new Set(["", "container_t", "container_init_t", "container_kvm_t"]);
type SeLinux = NonNullable<SecurityContext["seLinuxOptions"]>;

function seLinux(spec: PodSpec, minor: number): Violation | undefined {
  const isBadType = (type = "") => !seLinuxTypes.has(type) && !(minor >= 31 && type === "container_engine_t");
  const isBad = (options: SeLinux | undefined) => options !== undefined && (isBadType(options.type) || Boolean(options.user) || Boolean(options.role));
  const bad = setters(spec, (context) => isBad(context?.seLinuxOptions));
  if (bad === "") return undefined;
  const options = valuesOf(spec, (context) => context?.seLinuxOptions);
  const types = sortedSet(options.map(({ type = "" }) => type).filter(isBadType));
  const data = [
    ...(types.length > 0 ? [counted("type", types)] : []),
    ...(options.some(({ user }) => user) ? ["user may not be set"] : []),
    ...(options.some(({ role }) => role) ? ["role may not be set"] : []),
  ];
  return { reason: "seLinuxOptions", detail: `${bad} set forbidden securityContext.seLinuxOptions: ${data.join("; ")}` };
}

const isAllowedSeccomp = (type: string) => type === "RuntimeDefault" || type === "Localhost";

export function seccomp(spec: PodSpec): Violation | undefined {
  const bad = setters(spec, (context) => context?.seccompProfile !== undefined && !isAllowedSeccomp(context.seccompProfile.type));
  if (bad === "") return undefined;
  const types = sortedSet(valuesOf(spec, (context) => context?.seccompProfile?.type).filter((type) => !isAllowedSeccomp(type)));
  return { reason: "seccompProfile", detail: `${bad} must not set securityContext.seccompProfile.type to ${quoted(types)}` };
}

/** With the version that allows it. */
const safeSysctls: Record<string, number> = {
  "kernel.shm_rmid_forced": 0,
  "net.ipv4.ip_local_port_range": 0,
  "net.ipv4.tcp_syncookies": 0,
  "net.ipv4.ping_group_range": 0,
  "net.ipv4.ip_unprivileged_port_start": 0,
  "net.ipv4.ip_local_reserved_ports": 27,
  "net.ipv4.tcp_keepalive_time": 29,
  "net.ipv4.tcp_fin_timeout": 29,
  "net.ipv4.tcp_keepalive_intvl": 29,
  "net.ipv4.tcp_keepalive_probes": 29,
  "net.ipv4.tcp_rmem": 32,
  "net.ipv4.tcp_wmem": 32,
};

function sysctls({ securityContext }: PodSpec, minor: number): Violation | undefined {
  const bad = (securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => (safeSysctls[name] ?? Infinity) > minor);
  return bad.length === 0 ? undefined : { reason: "forbidden sysctls", detail: bad.join(", ") };
}

function hostProcess(spec: PodSpec): Violation | undefined {
  const bad = setters(spec, (context) => context?.windowsOptions?.hostProcess === true);
  return bad === "" ? undefined : { reason: "hostProcess", detail: `${bad} must not set securityContext.windowsOptions.hostProcess=true` };
}
