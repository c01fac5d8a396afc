/** The endpoint of the Service `kubernetes`: the same address and port on every node, and behind it the node's own agent; pure. */
import { apiEndpointPort } from "../../protocol/agent.ts";
import type { Backend, Forward } from "./services.ts";

export interface ApiEndpoint {
  /** The address of cluster DNS. */
  address: string;
  /** Where the agent listens at this address; undefined: it does not (yet), and connections are refused. */
  port: number | undefined;
}

/** What leads to the API's endpoint leads to the agent's port, by a Service (any may name it) or directly. */
export function withApiEndpoint(forwards: readonly Forward[], { address, port }: ApiEndpoint): Forward[] {
  const isApi = (backend: Backend): boolean => backend.ip === address && backend.port === apiEndpointPort;
  const moved = (backends: Backend[]): Backend[] =>
    backends.flatMap((backend) => (!isApi(backend) ? [backend] : port === undefined ? [] : [{ ...backend, port }]));
  const services = forwards.map((forward): Forward => {
    // The very same one where nothing changes: what is computed of it is remembered.
    if (![...forward.backends, ...forward.externalBackends].some(isApi)) return forward;
    return { ...forward, backends: moved(forward.backends), externalBackends: moved(forward.externalBackends) };
  });
  return [...services, directForward(address, port)];
}

function directForward(address: string, port: number | undefined): Forward {
  const backends = port === undefined ? [] : [{ ip: address, port, weight: 1 }];
  const inside = { id: "api", protocol: "tcp", port: apiEndpointPort, clusterIp: address, backends } as const;
  return { ...inside, externalIps: [], nodePort: undefined, externalBackends: [], keepsClientAddress: false, affinitySeconds: undefined };
}
