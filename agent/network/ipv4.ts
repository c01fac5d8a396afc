/** IPv4 addresses and CIDRs as numbers. */

export interface Cidr {
  address: number;
  prefix: number;
}

const addressPattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

export function isIpv4(text: string): boolean {
  return addressPattern.exec(text)?.slice(1).every((part) => Number(part) <= 255) ?? false;
}

/** The address as an unsigned number; throws on anything else. */
export function parseIpv4(text: string): number {
  if (!isIpv4(text)) throw new Error(`not an IPv4 address: ${text}`);
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

export function parseCidr(text: string): Cidr {
  const [address = "", prefix = ""] = text.split("/");
  if (!/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) throw new Error(`not a CIDR: ${text}`);
  return { address: (parseIpv4(address) & maskOf(Number(prefix))) >>> 0, prefix: Number(prefix) };
}

export function contains(cidr: Cidr, address: number): boolean {
  return (address & maskOf(cidr.prefix)) >>> 0 === cidr.address;
}

/** The `index`-th address of a CIDR: 1 is a pod network's gateway. */
export function addressAt(cidr: Cidr, index: number): string {
  return formatIpv4(cidr.address + index);
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}
