/** A /24 of the cluster's network for each node. */

/** Candidates in order, without those that nodes hold already. `10.244.0.0/16` gives 256 of them. */
export function* freePodCidrs(clusterCidr: string, taken: ReadonlySet<string>): Generator<string> {
  const [address = "", bits = ""] = clusterCidr.split("/");
  const base = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const count = 2 ** Math.max(0, 24 - Number(bits));
  for (let i = 0; i < count; i++) {
    const candidate = `${dotted(base + i * 256)}/24`;
    if (!taken.has(candidate)) yield candidate;
  }
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
