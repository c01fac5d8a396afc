/** What a pod sees of names: host name, resolver configuration, /etc/hosts. Pure, by the kubelet's rules. */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { SandboxConfig } from "../runtime/runtime.ts";

export interface ClusterDns {
  address: string;
  domain: string;
}

export interface PodNames {
  hostname: string;
  /** `<hostname>.<subdomain>.<namespace>.svc.<domain>`; undefined without a subdomain. */
  fqdn?: string;
}

const longestHostname = 63;

export function podNames(pod: Pod, clusterDomain: string): PodNames {
  const { hostname: wanted, subdomain, setHostnameAsFQDN, hostnameOverride } = pod.spec ?? {};
  if (hostnameOverride !== undefined) return { hostname: hostnameOverride };
  const hostname = (wanted || (pod.metadata?.name ?? "")).slice(0, longestHostname).replace(/[-.]+$/, "");
  if (subdomain === undefined || subdomain === "") return { hostname };
  const fqdn = `${hostname}.${subdomain}.${pod.metadata?.namespace ?? "default"}.svc.${clusterDomain}`;
  return { hostname: setHostnameAsFQDN === true ? fqdn : hostname, fqdn };
}

type Resolver = SandboxConfig["dns"];

/** A resolv.conf. */
export function parseResolvConf(text: string): Resolver {
  const words = text.split("\n").map((line) => line.trim().split(/\s+/));
  const after = (keyword: string): string[][] => words.filter(([first]) => first === keyword).map(([, ...rest]) => rest);
  return {
    servers: after("nameserver").flatMap(([server]) => server ?? []),
    searches: after("search").at(-1) ?? after("domain").at(-1) ?? [],
    options: after("options").flat(),
  };
}

export function podResolver(pod: Pod, { dns, host }: { dns: ClusterDns; host: Resolver }): Resolver {
  const base = policyResolver(pod, { dns, host });
  const { nameservers = [], searches = [], options = [] } = pod.spec?.dnsConfig ?? {};
  const own = options.map(({ name = "", value }) => (value === undefined ? name : `${name}:${value}`));
  const names = new Set(own.map((option) => option.split(":")[0]));
  return {
    servers: [...new Set([...base.servers, ...nameservers])],
    searches: [...new Set([...base.searches, ...searches])],
    options: [...base.options.filter((option) => !names.has(option.split(":")[0])), ...own],
  };
}

function policyResolver(pod: Pod, { dns, host }: { dns: ClusterDns; host: Resolver }): Resolver {
  const { dnsPolicy = "ClusterFirst", hostNetwork = false } = pod.spec ?? {};
  if (dnsPolicy === "None") return { servers: [], searches: [], options: [] };
  const isCluster = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  if (!isCluster) return host;
  const { domain, address } = dns;
  const searches = [`${pod.metadata?.namespace ?? "default"}.svc.${domain}`, `svc.${domain}`, domain];
  return { servers: [address], searches: [...new Set([...searches, ...host.searches])], options: ["ndots:5"] };
}

const standardHosts = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "fe00::0\tip6-mcastprefix",
  "fe00::1\tip6-allnodes",
  "fe00::2\tip6-allrouters",
];

/** The text of /etc/hosts; a pod on the host's network gets the host's own. */
export function hostsFile(pod: Pod, { names, ips, hostFile }: { names: PodNames; ips: readonly string[]; hostFile: string }): string {
  const aliases = (pod.spec?.hostAliases ?? []).map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}`);
  const added = aliases.length === 0 ? [] : ["", "# Entries added by HostAliases.", ...aliases];
  if (pod.spec?.hostNetwork === true) {
    return ["# Kubernetes-managed hosts file (host network).", hostFile.trimEnd(), ...added, ""].join("\n");
  }
  const short = names.hostname.split(".")[0] ?? names.hostname;
  const own = ips.map((ip) => (names.fqdn === undefined ? `${ip}\t${names.hostname}` : `${ip}\t${names.fqdn}\t${short}`));
  return ["# Kubernetes-managed hosts file.", ...standardHosts, ...own, ...added, ""].join("\n");
}
