/** DNS messages to and from bytes; pure. */
import dnsPacket, { type Answer, type Packet, type Question } from "dns-packet";

/** Largest UDP answer to a client that says nothing about its size, and to one that does. */
const plainLimit = 512;
/** Fits every path without fragments (DNS Flag Day 2020). */
const extendedLimit = 1232;

export const rcode = { noError: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

export interface Query {
  id: number;
  flags: number;
  question: Question;
  /** Bytes that the client takes over UDP; undefined if it did not speak EDNS. */
  payloadSize: number | undefined;
}

export interface Response {
  rcode: number;
  isAuthoritative: boolean;
  answers: Answer[];
  authorities?: Answer[];
  additionals?: Answer[];
}

/** The query in a message with exactly one question; undefined for anything else. */
export function decodeQuery(bytes: Buffer): Query | undefined {
  try {
    const packet = dnsPacket.decode(bytes);
    const [question] = packet.questions ?? [];
    if (packet.type !== "query" || packet.questions?.length !== 1 || !question) return undefined;
    return { id: packet.id ?? 0, flags: packet.flags ?? 0, question, payloadSize: payloadSizeOf(packet) };
  } catch {
    return undefined;
  }
}

function payloadSizeOf(packet: Packet): number | undefined {
  const option = packet.additionals?.find((record) => record.type === "OPT");
  return option && "udpPayloadSize" in option ? Math.max(plainLimit, option.udpPayloadSize ?? plainLimit) : undefined;
}

/** How many bytes a UDP answer to this query may have. */
export function udpLimit(query: Query): number {
  return query.payloadSize === undefined ? plainLimit : Math.min(query.payloadSize, extendedLimit);
}

/** The answer's bytes. One that is over the limit says so (TC) and is empty: the client asks again over TCP. */
export function encodeResponse(query: Query, response: Response, limit: number): Buffer {
  const bytes = encode(query, response, false);
  if (bytes.length <= limit) return bytes;
  return encode(query, { ...response, answers: [], authorities: [], additionals: [] }, true);
}

function encode(query: Query, response: Response, isTruncated: boolean): Buffer {
  const flags =
    (query.flags & dnsPacket.RECURSION_DESIRED) |
    dnsPacket.RECURSION_AVAILABLE |
    (response.isAuthoritative ? dnsPacket.AUTHORITATIVE_ANSWER : 0) |
    (isTruncated ? dnsPacket.TRUNCATED_RESPONSE : 0) |
    response.rcode;
  return dnsPacket.encode({
    type: "response",
    id: query.id,
    flags,
    questions: [query.question],
    answers: response.answers,
    authorities: response.authorities ?? [],
    additionals: [...(response.additionals ?? []), ...optionOf(query)],
  });
}

/** A client that speaks EDNS is answered in EDNS. */
function optionOf(query: Query): Answer[] {
  if (query.payloadSize === undefined) return [];
  return [
    { type: "OPT", name: ".", udpPayloadSize: extendedLimit, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
  ];
}
