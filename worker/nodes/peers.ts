/** The other nodes as a node's network needs them: where their pods are reached. */
import type { PollResponse } from "../../protocol/agent.ts";
import type { Node } from "../../protocol/kubernetes/generated/types.ts";
import { objectOf } from "../registry/text.ts";
import { nodes } from "../resources/core/nodes.ts";
import type { StoredObject } from "../storage/store.ts";

export type Peers = NonNullable<PollResponse["peers"]>;

/** Nodes without a pod CIDR or an address have no pods that could be reached. */
export function peersOf(stored: Pick<StoredObject, "text" | "revision">[], self: string): Peers {
  return stored.flatMap((one) => {
    const { metadata, spec, status } = objectOf<Node>(nodes, one);
    const address = status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
    if (metadata.name === self || !spec?.podCIDR || address === undefined) return [];
    return [{ name: metadata.name, podCidr: spec.podCIDR, address }];
  });
}
