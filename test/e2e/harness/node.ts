/** What tests do with the real node of this machine. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { namesOf } from "../../../agent/host/names.ts";
import type { Cluster } from "./cluster.ts";

export interface AppAnswer {
  pod: string;
  version: string;
  requests: number;
}

/** One answer of the example's server, on a connection of its own. */
export function ask(address: string, port = 80): Promise<AppAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: address, port, agent: false, timeout: 5_000, headers: { connection: "close" } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("error", reject);
      response.on("end", () => resolve(JSON.parse(text)));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${address}:${port} does not answer`)));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

export async function askTimes(count: number, address: string, port = 80): Promise<string[]> {
  const pods: string[] = [];
  for (let index = 0; index < count; index++) pods.push((await ask(address, port)).pod);
  return pods;
}

/** A container's main process, killed as the kernel would. */
export function killContainer(cluster: Cluster, containerId: string): void {
  const id = containerId.replace(/^containerd:\/\//, "");
  const ctr = ["--address", namesOf(cluster.stateDir).containerdSocket, "--namespace", "k8s.io"];
  execFileSync("ctr", [...ctr, "tasks", "kill", "--signal", "SIGKILL", id]);
}

export function agentPid(cluster: Cluster): number {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (command.includes("kedge-agent.mjs") && command.includes(cluster.stateDir) && command.startsWith(process.execPath)) return Number(pid);
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error("no agent runs");
}
