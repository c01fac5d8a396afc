import dnsPacket, { type Answer } from "dns-packet";
import { describe, expect, it } from "vitest";
import { decodeQuery, encodeResponse, udpLimit } from "./message.ts";

const query = (additionals: Answer[] = []): Buffer =>
  dnsPacket.encode({ type: "query", id: 7, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type: "A", name: "web" }], additionals });
const edns = (udpPayloadSize: number): Answer => ({
  type: "OPT",
  name: ".",
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
});
const addresses = (count: number): Answer[] => Array.from({ length: count }, (_, index) => ({ type: "A", name: "web", ttl: 5, data: `10.0.0.${index}` }));

describe("decodeQuery", () => {
  it.each([
    ["bytes that are no message", Buffer.from("hello")],
    ["nothing", Buffer.alloc(0)],
    ["an answer instead of a question: two servers must not talk for ever", dnsPacket.encode({ type: "response", questions: [{ type: "A", name: "web" }] })],
    ["no question", dnsPacket.encode({ type: "query", questions: [] })],
    ["two questions", dnsPacket.encode({ type: "query", questions: [{ type: "A", name: "a" }, { type: "A", name: "b" }] })],
  ])("ignores %s", (_, bytes) => expect(decodeQuery(bytes)).toBeUndefined());
});

describe("a client over UDP", () => {
  it.each([
    ["that says nothing takes 512 bytes", undefined, 512],
    ["that takes 4096 gets what passes every path", 4096, 1232],
    ["that says less than 512 takes 512 all the same", 100, 512],
  ])("%s", (_, size, expected) => {
    const decoded = decodeQuery(query(size === undefined ? [] : [edns(size)]));
    expect(decoded && udpLimit(decoded)).toBe(expected);
  });

  it("is told to ask over TCP when the answer does not fit", () => {
    const decoded = decodeQuery(query());
    if (!decoded) throw new Error("not decoded");
    const bytes = encodeResponse(decoded, { rcode: 0, isAuthoritative: true, answers: addresses(60) }, 512);
    const packet = dnsPacket.decode(bytes);
    expect([bytes.length <= 512, packet.flag_tc, packet.answers?.length]).toEqual([true, true, 0]);
    const whole = dnsPacket.decode(encodeResponse(decoded, { rcode: 0, isAuthoritative: true, answers: addresses(60) }, 65_535));
    expect([whole.flag_tc, whole.answers?.length, whole.id, whole.flag_aa, whole.flag_rd, whole.flag_ra]).toEqual([false, 60, 7, true, true, true]);
  });
});
