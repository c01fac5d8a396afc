/** IP addresses and CIDRs. https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library */
import type { Environment } from "@marcbachmann/cel-js";

const ipType = "net.IP";
const cidrType = "net.CIDR";

/** An address of 32 or 128 bits. */
class Ip {
  readonly bits: bigint;
  readonly family: 4 | 6;

  constructor(bits: bigint, family: 4 | 6) {
    this.bits = bits;
    this.family = family;
  }

  toString(): string {
    return this.family === 4 ? [24n, 16n, 8n, 0n].map((shift) => (this.bits >> shift) & 255n).join(".") : ipv6Text(this.bits);
  }
}

class Cidr {
  readonly ip: Ip;
  readonly prefix: number;

  constructor(ip: Ip, prefix: number) {
    this.ip = ip;
    this.prefix = prefix;
  }

  toString(): string {
    return `${this.ip.toString()}/${this.prefix}`;
  }
}

class IpNamespace {}

export function registerAddresses(environment: Environment): void {
  environment
    .registerType(ipType, Ip)
    .registerType(cidrType, Cidr)
    .registerType("kubernetes.IPNamespace", IpNamespace)
    .registerConstant("ip", "kubernetes.IPNamespace", new IpNamespace())
    .registerFunction(`ip(string): ${ipType}`, requiredIp)
    .registerFunction("isIP(string): bool", (text: string) => parseIp(text) !== undefined)
    .registerFunction("kubernetes.IPNamespace.isCanonical(string): bool", (_ip: IpNamespace, text: string) => requiredIp(text).toString() === text)
    .registerFunction(`string(${ipType}): string`, (ip: Ip) => ip.toString())
    .registerOperator(`${ipType} == ${ipType}`, isSameIp)
    .registerFunction(`${ipType}.family(): int`, ({ family }: Ip) => BigInt(family));
  for (const [name, ranges] of Object.entries(kinds)) {
    environment.registerFunction(`${ipType}.${name}(): bool`, (ip: Ip) => ranges.some((range) => contains(requiredCidr(range), ip)));
  }
  environment
    .registerFunction(`${ipType}.isGlobalUnicast(): bool`, isGlobalUnicast)
    .registerFunction(`cidr(string): ${cidrType}`, requiredCidr)
    .registerFunction("isCIDR(string): bool", (text: string) => parseCidr(text) !== undefined)
    .registerFunction(`string(${cidrType}): string`, (cidr: Cidr) => cidr.toString())
    .registerOperator(`${cidrType} == ${cidrType}`, (a: Cidr, b: Cidr) => a.prefix === b.prefix && isSameIp(a.ip, b.ip))
    .registerFunction(`${cidrType}.ip(): ${ipType}`, ({ ip }: Cidr) => ip)
    .registerFunction(`${cidrType}.prefixLength(): int`, ({ prefix }: Cidr) => BigInt(prefix))
    .registerFunction(`${cidrType}.masked(): ${cidrType}`, masked)
    .registerFunction(`${cidrType}.containsIP(${ipType}): bool`, contains)
    .registerFunction(`${cidrType}.containsIP(string): bool`, (cidr: Cidr, ip: string) => contains(cidr, requiredIp(ip)))
    .registerFunction(`${cidrType}.containsCIDR(${cidrType}): bool`, holds)
    .registerFunction(`${cidrType}.containsCIDR(string): bool`, (cidr: Cidr, other: string) => holds(cidr, requiredCidr(other)));
}

const kinds: Record<string, string[]> = {
  isUnspecified: ["0.0.0.0/32", "::/128"],
  isLoopback: ["127.0.0.0/8", "::1/128"],
  isLinkLocalMulticast: ["224.0.0.0/24", "ff02::/16"],
  isLinkLocalUnicast: ["169.254.0.0/16", "fe80::/10"],
};

function isGlobalUnicast(ip: Ip): boolean {
  const others = ["0.0.0.0/32", "255.255.255.255/32", "127.0.0.0/8", "224.0.0.0/4", "169.254.0.0/16", "::/127", "ff00::/8", "fe80::/10"];
  return !others.some((range) => contains(requiredCidr(range), ip));
}

const isSameIp = (a: Ip, b: Ip): boolean => a.family === b.family && a.bits === b.bits;
const width = ({ family }: Ip): number => (family === 4 ? 32 : 128);
const network = ({ ip, prefix }: Cidr): bigint => ip.bits >> BigInt(width(ip) - prefix);
const masked = (cidr: Cidr): Cidr => new Cidr(new Ip(network(cidr) << BigInt(width(cidr.ip) - cidr.prefix), cidr.ip.family), cidr.prefix);
const contains = (cidr: Cidr, ip: Ip): boolean => cidr.ip.family === ip.family && network(new Cidr(ip, cidr.prefix)) === network(cidr);
const holds = (cidr: Cidr, other: Cidr): boolean => other.prefix >= cidr.prefix && contains(cidr, other.ip);

function requiredIp(text: string): Ip {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`);
  return ip;
}

function requiredCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): no '/'`);
  return cidr;
}

function parseCidr(text: string): Cidr | undefined {
  const [, address = "", length = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = parseIp(address);
  return ip === undefined || length === "" || Number(length) > width(ip) ? undefined : new Cidr(ip, Number(length));
}

/** IPv4 inside IPv6, zones and leading zeros are none, as upstream. */
function parseIp(text: string): Ip | undefined {
  if (/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.some((byte) => byte > 255) ? undefined : new Ip(BigInt(bytes.reduce((sum, byte) => sum * 256 + byte, 0)), 4);
  }
  const groups = ipv6Groups(text);
  return groups === undefined ? undefined : new Ip(groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), 6);
}

function ipv6Groups(text: string): string[] | undefined {
  const halves = text.split("::");
  if (!text.includes(":") || halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (![...left, ...right].every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1) return missing === 0 ? left : undefined;
  return missing < 1 ? undefined : [...left, ...Array<string>(missing).fill("0"), ...right];
}

/** RFC 5952: the longest run of zeros becomes `::`. */
function ipv6Text(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((bits >> BigInt(112 - at * 16)) & 0xffffn).toString(16));
  const text = groups.join(":");
  const runs = text.match(/\b0(?::0)+\b/g)?.sort((a, b) => b.length - a.length) ?? [];
  const [longest] = runs;
  if (longest === undefined) return text;
  return text.replace(new RegExp(`(^|:)${longest}(:|$)`), "::");
}
