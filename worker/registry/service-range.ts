/** The range of cluster IPs: the first is the `kubernetes` Service, the tenth answers DNS, few more stay reserved. */

/** The first addresses of the range are handed out only to who asks for one by name. */
export const reservedCount = 16;

export function kubernetesAddress(serviceCidr: string): string {
  return clusterIpAt(serviceCidr, 1);
}

export function dnsAddress(serviceCidr: string): string {
  return clusterIpAt(serviceCidr, 10);
}

/** Addresses of the range but its last, which is its broadcast address. */
export function rangeSize(serviceCidr: string): number {
  return 2 ** (32 - prefixOf(serviceCidr)) - 1;
}

export function clusterIpAt(serviceCidr: string, offset: number): string {
  const value = (numberOf(serviceCidr.split("/")[0] ?? "") + offset) >>> 0;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

export function isInRange(serviceCidr: string, address: string): boolean {
  const offset = numberOf(address) - numberOf(serviceCidr.split("/")[0] ?? "");
  return offset > 0 && offset < rangeSize(serviceCidr);
}

function prefixOf(cidr: string): number {
  return Number(cidr.split("/")[1] ?? "32");
}

function numberOf(address: string): number {
  return address.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}
