import { describe, expect, it } from "vitest";
import { integer, objectIdentifier, sequence, time } from "./der.ts";

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

describe("DER", () => {
  it.each([
    ["a small number", integer(Uint8Array.of(5)), "020105"],
    ["zero", integer(Uint8Array.of(0, 0)), "020100"],
    ["a number without needless zeros", integer(Uint8Array.of(0, 0, 0x7f)), "02017f"],
    ["a number whose first bit would be a sign", integer(Uint8Array.of(0x80)), "02020080"],
    ["an identifier", objectIdentifier("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
    ["a length of one byte", sequence(new Uint8Array(127)).subarray(0, 2), "307f"],
    ["a length of two", sequence(new Uint8Array(128)).subarray(0, 3), "308180"],
    ["a length of three", sequence(new Uint8Array(256)).subarray(0, 4), "30820100"],
    ["the last year with two digits", time(Date.UTC(2049, 11, 31, 23, 59, 59)).subarray(0, 2), "170d"],
    ["the first year with four", time(Date.UTC(2050, 0, 1)).subarray(0, 2), "180f"],
  ])("writes %s", (_, bytes, expected) => expect(hex(bytes)).toBe(expected));
});
