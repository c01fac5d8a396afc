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
