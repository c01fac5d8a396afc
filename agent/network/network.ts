/** The host's side of cluster networking, as the agent's main loop drives it. */
import type { EndpointSlice, Pod, Service } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";

export interface NetworkConfig {
  /** Short, unique on the host, derived from the state directory; prefixes bridge, nft table, CNI network. */
  name: string;
  stateDir: string;
  podCidr: string;
  clusterCidr: string;
  serviceCidr: string;
  dnsAddress: string;
  clusterDomain: string;
  /** This node's name: tells local endpoints (`internalTrafficPolicy`, `externalTrafficPolicy`) from others'. */
  nodeName?: string;
  /** Resolvers for names outside the cluster, `address` or `address#port`; default: those of /etc/resolv.conf. */
  upstreamDns?: string[];
}

/** Another node whose pods this host reaches by a plain route: it must be on the same layer-2 network. */
export interface PeerNode {
  address: string;
  podCidr: string;
}

/** What the network is programmed from: everything the agent knows, each time; the network finds out what changed. */
export interface NetworkState {
  services: ReadonlyMap<string, Stored<Service>>;
  endpointSlices: ReadonlyMap<string, Stored<EndpointSlice>>;
  /** This node's pods with the `status.podIP` that the agent knows, for hostPort. Weights travel in the slices. */
  pods: ReadonlyMap<string, Stored<Pod>>;
  /** By node name. Absent: not known (yet), so routes stay as they are; an empty map takes them back. */
  peers?: ReadonlyMap<string, PeerNode>;
  /** Where the agent serves the API to pods, at the address of cluster DNS. Absent: it does not (yet). */
  apiPort?: number | undefined;
}

export interface Network {
  /** Writes the CNI configuration, sets sysctls, starts cluster DNS. Idempotent: adopts what an earlier run left. */
  start(): Promise<void>;
  /** Programs nftables and DNS; coalesces calls, atomic, only what changed. */
  apply(state: NetworkState): Promise<void>;
  /** Stops the DNS server; rules and bridge stay, so that pods go on. */
  stop(): Promise<void>;
  /** Removes bridge, table, rules, leases: for `npm run down`. */
  remove(): Promise<void>;
  readonly cniConfDir: string;
}
