/** The configuration of our own containerd: everything it touches is below the state directory or its /run folder. */
import { join } from "node:path";
import type { HostNames } from "./host.ts";

export interface ContainerdOptions {
  names: HostNames;
  cniBinDir: string;
  sandboxImage: string;
  snapshotter: "overlayfs" | "native";
}

/** Plugins that no pod of ours needs; each costs memory or start time. */
const unneeded = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.restart",
  "io.containerd.internal.v1.tracing",
  "io.containerd.monitor.v1.cgroups",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
];

const quote = (text: string): string => JSON.stringify(text);

/**
 * containerd.toml, version 2 (read by containerd 1.4 to 2.x). `restrict_oom_score_adj` lets pods start where negative
 * scores are forbidden (a container, an unprivileged VM); the streaming server (exec, attach, port-forward) listens
 * on a free loopback port; the ttrpc socket follows the gRPC socket, so that two instances never share one; runc's own records are ours
 * too (by default all containerds of a host share a folder).
 */
export function containerdConfig({ names, cniBinDir, sandboxImage, snapshotter }: ContainerdOptions): string {
  return `# Written by kedge at each start; changes are lost.
version = 2
root = ${quote(names.containerdRoot)}
state = ${quote(names.containerdState)}
oom_score = 0
disabled_plugins = [${unneeded.map(quote).join(", ")}]

[grpc]
  address = ${quote(names.containerdSocket)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(sandboxImage)}
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  stream_idle_timeout = "4h0m0s"
  max_container_log_line_size = 16384
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${quote(snapshotter)}
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = ${quote(join(names.runtimeDir, "runc"))}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${quote(cniBinDir)}
    conf_dir = ${quote(names.cniConfDir)}
    max_conf_num = 1
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${quote(names.certsDir)}
`;
}
