/**
 * Where webhooks may be called: nowhere that the caller's network alone makes reachable, unless the cluster's owner says
 * so (WEBHOOK_ALLOW_PRIVATE). Names are not resolved here: a Worker on Cloudflare reaches public addresses only, and
 * workerd on one machine is told to (../local/workerd-config.ts).
 */

/** Why a URL may not be called; undefined: it may. `allowed` lists hosts, `.suffixes` and CIDRs, with commas. */
export function refusalOf(text: string, allowed: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return "it is no URL";
  if (url.protocol !== "https:") return "only https is called";
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
  if (isAllowed(host, allowed)) return undefined;
  const port = url.port === "" ? 443 : Number(url.port);
  if (port !== 443 && port < 1024) return `port ${port} is not called`;
  return isPrivate(host) ? `${host} is a private address, which WEBHOOK_ALLOW_PRIVATE does not name` : undefined;
}

function isAllowed(host: string, allowed: string): boolean {
  return allowed.split(",").map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== "").some((entry) => {
    if (entry.includes("/")) return isWithin(host, entry);
    return entry.startsWith(".") ? host.endsWith(entry) : host === entry;
  });
}

function isPrivate(host: string): boolean {
  const address = bytesOf(host);
  if (address !== undefined) return privateRanges.some((range) => isWithin(host, range)) || isPrivateInside(address);
  const isLocal = [".localhost", ".local", ".internal", ".home.arpa", ".svc"].some((suffix) => host.endsWith(suffix));
  return isLocal || !host.includes(".");
}

const privateRanges = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
  "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
  "::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "100::/64",
];

/** Prefixes of IPv6 that carry an IPv4 address, and where it stands: mapped, compatible, NAT64, 6to4. */
const carriers: [range: string, at: number][] = [["::ffff:0:0/96", 12], ["::/96", 12], ["64:ff9b::/96", 12], ["2002::/16", 2]];

function isPrivateInside(address: Uint8Array): boolean {
  if (address.length !== 16) return false;
  const carrier = carriers.find(([range]) => isIn(address, range));
  return carrier !== undefined && isPrivate([...address.slice(carrier[1], carrier[1] + 4)].join("."));
}

function isWithin(host: string, range: string): boolean {
  const address = bytesOf(host);
  return address !== undefined && isIn(address, range);
}

function isIn(address: Uint8Array, range: string): boolean {
  const [base = "", length = ""] = range.split("/");
  const bytes = bytesOf(base);
  if (bytes === undefined || bytes.length !== address.length) return false;
  const bits = Number(length);
  return bytes.every((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - at * 8));
    const mask = (0xff << (8 - kept)) & 0xff;
    return (byte & mask) === ((address[at] ?? 0) & mask);
  });
}

/** Four or sixteen bytes. URLs come with IPv4 in dotted form, however it was written. */
function bytesOf(host: string): Uint8Array | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return Uint8Array.from(host.split(".").map(Number));
  return host.includes(":") ? bytes6(host) : undefined;
}

function bytes6(host: string): Uint8Array | undefined {
  const [head = "", tail] = host.split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":").flatMap(wordsOf));
  const [before, after] = [words(head), words(tail ?? "")];
  const missing = 8 - before.length - after.length;
  if (missing < 0 || (tail === undefined && missing > 0)) return undefined;
  const all = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

function wordsOf(part: string): number[] {
  if (!part.includes(".")) return [Number.parseInt(part, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}
