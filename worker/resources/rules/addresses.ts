/** IP addresses and CIDRs as numbers, and what is wrong with their texts (k8s.io/apimachinery/pkg/util/validation). */
import { ipError, isIpAddress } from "./names.ts";

export const cidrError = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/** An address that is written as it is compared: IPv6 in lower case and as short as it can be. */
export function canonicalIpErrors(text: string): string[] {
  if (!isIpAddress(text)) return [ipError];
  const canonical = canonicalIp(text);
  return canonical === text ? [] : [`must be in canonical form ("${canonical}")`];
}

function canonicalIp(text: string): string {
  return text.includes(":") ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
}

/** Where no endpoint can be: each node would find something else there. Of addresses that are some. */
export function specialIpErrors(text: string): string[] {
  const address = numberOf(text);
  const range = specialRanges(text.includes(":") ? 128 : 32).find(({ first, size }) => address >= first && address < first + size);
  return range === undefined ? [] : [range.what(text)];
}

const specials: { v4: string; v6: string; what(text: string): string }[] = [
  { v4: "0.0.0.0/32", v6: "::/128", what: (text) => `may not be unspecified (${text})` },
  { v4: "127.0.0.0/8", v6: "::1/128", what: () => "may not be in the loopback range (127.0.0.0/8, ::1/128)" },
  { v4: "169.254.0.0/16", v6: "fe80::/10", what: () => "may not be in the link-local range (169.254.0.0/16, fe80::/10)" },
  { v4: "224.0.0.0/24", v6: "ff02::/16", what: () => "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)" },
];

function specialRanges(bits: 32 | 128): { first: bigint; size: bigint; what(text: string): string }[] {
  return specials.flatMap(({ v4, v6, what }) => {
    const cidr = parseCidr(bits === 32 ? v4 : v6);
    return cidr === undefined ? [] : [{ first: cidr.address, size: 1n << BigInt(bits - cidr.prefix), what }];
  });
}

export interface Cidr {
  bits: 32 | 128;
  prefix: number;
  address: bigint;
}

/** Undefined: it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = "", prefix = "", ...more] = text.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(prefix) || !isIpAddress(address)) return undefined;
  const bits = address.includes(":") ? 128 : 32;
  return Number(prefix) > bits ? undefined : { bits, prefix: Number(prefix), address: numberOf(address) };
}

/** True if `inner` is a part of `outer`, and not all of it. */
export function isStrictPart(inner: Cidr, outer: Cidr): boolean {
  const shift = BigInt(outer.bits - outer.prefix);
  return inner.bits === outer.bits && inner.prefix > outer.prefix && inner.address >> shift === outer.address >> shift;
}

function numberOf(address: string): bigint {
  if (!address.includes(":")) return address.split(".").reduce((value, part) => value * 256n + BigInt(part), 0n);
  const [head = "", tail] = address.split("::");
  const [left, right] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((value, group) => value * 65536n + group, 0n);
}

const groupsOf = (text: string): bigint[] => (text === "" ? [] : text.split(":").map((group) => BigInt(`0x${group}`)));
