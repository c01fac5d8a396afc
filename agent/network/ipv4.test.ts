import { describe, expect, it } from "vitest";
import { addressAt, contains, formatIpv4, isIpv4, parseCidr, parseIpv4 } from "./ipv4.ts";

describe("isIpv4", () => {
  it.each([
    ["takes an ordinary address", "10.0.0.1", true],
    ["takes the highest", "255.255.255.255", true],
    ["refuses a part over 255", "10.0.0.256", false],
    ["refuses `None`, which headless Services have", "None", false],
    ["refuses IPv6", "fd00::1", false],
    ["refuses nothing", "", false],
  ])("%s", (_, text, expected) => expect(isIpv4(text)).toBe(expected));
});

describe("addresses and CIDRs", () => {
  it("go to numbers and back, above 2^31 too", () => {
    for (const text of ["0.0.0.0", "10.244.1.2", "192.168.255.1", "255.255.255.255"]) expect(formatIpv4(parseIpv4(text))).toBe(text);
  });
  it.each([
    ["10.244.1.0/24", "10.244.1.255", true],
    ["10.244.1.0/24", "10.244.2.0", false],
    ["192.168.0.0/16", "192.168.3.4", true],
    ["0.0.0.0/0", "203.0.113.9", true],
    ["10.96.0.10/32", "10.96.0.11", false],
  ])("%s contains %s: %s", (cidr, address, expected) => expect(contains(parseCidr(cidr), parseIpv4(address))).toBe(expected));
  it("counts from the network's address, whatever address the CIDR was written with", () => {
    expect(addressAt(parseCidr("10.244.3.7/24"), 1)).toBe("10.244.3.1");
  });
  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "ten/8"])("%s is not a CIDR", (text) => expect(() => parseCidr(text)).toThrow());
});
