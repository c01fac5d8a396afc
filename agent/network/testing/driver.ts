/**
 * For tests: a node's network in a process of its own, so that it can be started inside a network namespace. It takes
 * one command a line on standard input (JSON) and answers each with a line: `ok`, or what went wrong. The kernel's
 * rules go on when it ends, as they do when an agent ends.
 */
import { createInterface } from "node:readline";
import { stderr, stdin, stdout } from "node:process";
import type { EndpointSlice, Pod, Service } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { createNetwork } from "../create-network.ts";
import type { Network, NetworkConfig, PeerNode } from "../network.ts";

export interface DriverState {
  services: Stored<Service>[];
  endpointSlices: Stored<EndpointSlice>[];
  pods?: Stored<Pod>[];
  peers?: Record<string, PeerNode>;
  apiPort?: number;
}

export type DriverCommand =
  | { do: "start"; config: NetworkConfig }
  | { do: "apply"; state: DriverState }
  | { do: "stop" }
  | { do: "remove" };

let network: Network | undefined;

async function execute(command: DriverCommand): Promise<void> {
  if (command.do === "start") network = createNetwork(command.config, { report: (line) => stderr.write(`${line}\n`) });
  if (!network) throw new Error("not started");
  switch (command.do) {
    case "start":
      return network.start();
    case "apply":
      return network.apply(stateOf(command.state));
    case "stop":
      return network.stop();
    case "remove":
      return network.remove();
  }
}

function stateOf({ services, endpointSlices, pods = [], peers, apiPort }: DriverState) {
  const keyed = <T extends { metadata: { namespace?: string; name: string } }>(objects: T[]): Map<string, T> =>
    new Map(objects.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]));
  return { services: keyed(services), endpointSlices: keyed(endpointSlices), pods: keyed(pods), apiPort, ...(peers ? { peers: new Map(Object.entries(peers)) } : {}) };
}

for await (const line of createInterface({ input: stdin })) {
  const answer = await execute(JSON.parse(line) as DriverCommand).then(
    () => "ok",
    (error: Error) => error.message.replaceAll("\n", " "),
  );
  stdout.write(`${answer}\n`);
}
