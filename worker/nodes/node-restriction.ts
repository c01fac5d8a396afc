/** Which labels a node may put on itself: upstream's NodeRestriction admission. */

const own = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);

const ownPrefixes = ["kubelet.kubernetes.io", "node.kubernetes.io"];

/** False for labels that only the cluster's own people may set. */
export function mayNodeSetLabel(label: string): boolean {
  if (!label.includes("/") || own.has(label)) return true;
  const prefix = label.slice(0, label.indexOf("/"));
  if (isIn(prefix, "node-restriction.kubernetes.io")) return false;
  if (ownPrefixes.some((allowed) => isIn(prefix, allowed))) return true;
  return !isIn(prefix, "kubernetes.io") && !isIn(prefix, "k8s.io");
}

/** The labels that differ between the two and that a node may not touch. */
export function refusedLabels(before: Record<string, string>, after: Record<string, string>): string[] {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
  return changed.filter((key) => !mayNodeSetLabel(key)).toSorted();
}

function isIn(prefix: string, domain: string): boolean {
  return prefix === domain || prefix.endsWith(`.${domain}`);
}
