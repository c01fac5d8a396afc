/** Values of `format` that are checked (kube-openapi's strfmt); all others say nothing. */
import { nanosecondsOf } from "../../cel/go-duration.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, isIpAddress } from "../rules/names.ts";

const uuid = (version: string) => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, "i");
const uuidPatterns = { any: uuid("[0-9a-f]"), 3: uuid("3"), 4: uuid("4"), 5: uuid("5") };
const is = (pattern: RegExp) => (text: string) => pattern.test(text);
const isIpv4 = (text: string): boolean => isIpAddress(text) && !text.includes(":");

const checks: Record<string, (text: string) => boolean> = {
  bsonobjectid: is(/^[0-9a-fA-F]{24}$/),
  byte: (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  cidr: isCidr,
  creditcard: is(/^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/),
  date: isDate,
  datetime: (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text)),
  duration: isDuration,
  email: is(/^[^\s@<>()]+@[^\s@]+$/),
  hexcolor: is(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  hostname: is(/^(?=.{1,255}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?)*\.?$/),
  ipv4: isIpv4,
  ipv6: (text) => isIpAddress(text) && text.includes(":"),
  isbn: is(/^(?:[\d -]{9,12}[\dXx]|97[89][\d -]{10,14})$/),
  isbn10: is(/^(?:\d[ -]?){9}[\dXx]$/),
  isbn13: is(/^97[89](?:[ -]?\d){10}$/),
  k8slongname: (text) => dns1123SubdomainErrors(text).length === 0,
  k8sshortname: (text) => dns1123LabelErrors(text).length === 0,
  mac: is(/^(?:[0-9a-fA-F]{2}[:-]){5}(?:[0-9a-fA-F]{2})(?:(?:[:-][0-9a-fA-F]{2}){2})?$/),
  rgbcolor: is(/^rgb\(\s*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\s*(?:,\s*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\s*){2}\)$/),
  ssn: is(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  uri: is(/^(?:[A-Za-z][A-Za-z0-9+.-]*:\S+|\/\S*)$/),
  uuid: is(uuidPatterns.any),
  uuid3: is(uuidPatterns[3]),
  uuid4: is(uuidPatterns[4]),
  uuid5: is(uuidPatterns[5]),
};

/** True of a format that nothing is known of. */
export function isOfFormat(format: string, text: string): boolean {
  const name = format.replaceAll("-", "");
  return !Object.hasOwn(checks, name) || checks[name]?.(text) !== false;
}

function isCidr(text: string): boolean {
  const [address = "", length = "", ...rest] = text.split("/");
  return rest.length === 0 && isIpAddress(address) && /^\d{1,3}$/.test(length) && Number(length) <= (address.includes(":") ? 128 : 32);
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
}

/** Go's form, or one as `3 days`. */
function isDuration(text: string): boolean {
  return nanosecondsOf(text) !== undefined || /^\s*\d+(?:\.\d+)?\s*(?:n|u|µ|m|s|min|h|d|w)[a-z]*\s*$/.test(text);
}
