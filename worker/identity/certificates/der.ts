/** The few types of ASN.1 that certificates are written with, in DER (X.690); pure. */

export type Der = Uint8Array<ArrayBuffer>;

export function joined(parts: readonly Uint8Array[]): Der {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function element(tag: number, ...contents: Uint8Array[]): Der {
  const content = joined(contents);
  return joined([Uint8Array.of(tag, ...lengthOf(content.length)), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

export const sequence = (...items: Uint8Array[]): Der => element(0x30, ...items);
export const setOf = (item: Uint8Array): Der => element(0x31, item);
export const isTrue: Der = element(0x01, Uint8Array.of(0xff));
export const octets = (content: Uint8Array): Der => element(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Der => element(0x03, Uint8Array.of(unused), content);
/** Of letters, digits and few signs: what names of ours consist of. */
export const printable = (text: string): Der => element(0x13, new TextEncoder().encode(text));
/** `[number]` around what is already an element. */
export const explicit = (number: number, item: Uint8Array): Der => element(0xa0 | number, item);
/** `[number]` in the place of a simple type's own tag. */
export const implicit = (number: number, content: Uint8Array): Der => element(0x80 | number, content);

/** A number that is not negative, from its bytes: as few as can be, and none that looks like a sign. */
export function integer(bytes: Uint8Array): Der {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return (digits[0] ?? 0) < 0x80 ? element(0x02, digits) : element(0x02, Uint8Array.of(0), digits);
}

/** `1.2.840.10045.4.3.2` */
export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** RFC 5280, 4.1.2.5: two digits of the year until 2049, four from then on. */
export function time(milliseconds: number): Der {
  const digits = `${new Date(milliseconds).toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
  const bytes = (text: string) => new TextEncoder().encode(text);
  return digits < "2050" ? element(0x17, bytes(digits.slice(2))) : element(0x18, bytes(digits));
}
