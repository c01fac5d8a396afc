/** The host below the agent: its own containerd, the images it needs, and the names that keep clusters apart. */

/** Every name on the host that belongs to one state directory. */
export interface HostNames {
  /** `kedge-` and 6 hex digits of a hash of the state directory's real path. Bridges use the short form `kd<6 hex>`. */
  name: string;
  /** Real path of the state directory. */
  stateDir: string;
  /** `/run/<name>`: sockets, pids and mounts; gone after a reboot. */
  runtimeDir: string;
  bridge: string;
  /** `ks<6 hex>`: carries the DNS address and the route of the service CIDR, so that the host reaches cluster IPs. */
  serviceInterface: string;
  nftTable: string;
  cgroupParent: string;
  containerdRoot: string;
  containerdState: string;
  /** Kept shorter than 108 characters. */
  containerdSocket: string;
  containerdConfig: string;
  /** containerd's `certs.d`: `<registry>/hosts.toml`, CA files. */
  certsDir: string;
  cniConfDir: string;
}

export interface Containerd {
  /** Path of the CRI socket. */
  socket: string;
  pid: number;
}

export interface Host {
  names: HostNames;
  /** Finds or installs (saying so) containerd, runc, CNI plugins and nftables; throws an error that names the fix. */
  ensurePackages(options: { mayInstall: boolean; report(line: string): void }): Promise<void>;
  /** Starts the own containerd, detached so that it outlives the agent, or adopts the one that runs. */
  ensureContainerd(): Promise<Containerd>;
  /**
   * Starts containerd again whenever it ended (killed, out of memory), until the signal aborts. Pods are children of
   * their shims and do not notice; the agent's runtime reconnects to the same socket.
   */
  keepContainerd(signal: AbortSignal, report: (line: string) => void): void;
  /** Stops every pod and containerd, unmounts, removes cgroups and files of this state directory. */
  remove(): Promise<void>;
}
