/** Nodes that only the API knows, for the tests of a file: pods on them run at once, and no container is in the way. */
import { afterAll, beforeAll } from "vitest";
import { HollowNodes } from "../../bench/hollow-nodes.ts";
import { Target } from "../../bench/target.ts";
import type { ClusterUse } from "./use-cluster.ts";

/** Called `hollow-0`, `hollow-1`, …, for pods in the namespace `default`. */
export function useHollowNodes(use: ClusterUse, count: number): void {
  let target: Target | undefined;
  let nodes: HollowNodes | undefined;
  beforeAll(async () => {
    const { server, adminToken, ca } = use.current;
    target = new Target({ server, token: adminToken, ca });
    nodes = new HollowNodes({ target, prefix: "hollow", count, namespace: "default" });
    await nodes.start();
  });
  afterAll(async () => {
    await nodes?.stop();
    target?.close();
  });
}
