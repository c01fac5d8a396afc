/**
 * Flows that the kernel remembers. TCP connections end by themselves; a UDP flow would go on to a backend that is gone
 * (or to nowhere, if it began before the first backend was there) for as long as its client sends.
 */
import { CommandError, run } from "../host/run.ts";
import type { Forward } from "./services.ts";

/** conntrack's arguments that delete the flows of backends that left, and of Services that had none; pure. */
export function staleFlows(before: readonly Forward[], after: readonly Forward[]): string[][] {
  const afterById = new Map(after.map((forward) => [forward.id, forward]));
  const beforeById = new Map(before.map((forward) => [forward.id, forward]));
  const left = before.filter(isUdp).flatMap((forward) => {
    const kept = new Set((afterById.get(forward.id)?.backends ?? []).map((backend) => backend.ip));
    const gone = forward.backends.filter((backend) => !kept.has(backend.ip));
    return gone.flatMap((backend) => addressesOf(forward).map((address) => [...address, "--dst-nat", backend.ip]));
  });
  const first = after.filter(isUdp).filter((forward) => {
    return forward.backends.length > 0 && (beforeById.get(forward.id)?.backends.length ?? 0) === 0;
  });
  return [...left, ...first.flatMap(addressesOf)];
}

function isUdp(forward: Forward): boolean {
  return forward.protocol === "udp";
}

function addressesOf(forward: Forward): string[][] {
  const ips = [forward.clusterIp, ...forward.externalIps].map((ip) => ["--orig-dst", ip, "--orig-port-dst", `${forward.port}`]);
  return forward.nodePort === undefined ? ips : [...ips, ["--orig-port-dst", `${forward.nodePort}`]];
}

export async function deleteFlows(flows: readonly string[][]): Promise<void> {
  for (const flow of flows) {
    await run(["conntrack", "-D", "-p", "udp", ...flow]).catch((error: unknown) => {
      // Its exit code 1 means that no flow matched.
      if (!(error instanceof CommandError && error.exitCode === 1)) throw error;
    });
  }
}
