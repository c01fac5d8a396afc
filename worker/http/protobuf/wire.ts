/** Protobuf's wire format: a message as its numbered fields (https://protobuf.dev/programming-guides/encoding). */

export type WireValue = { varint: bigint } | { bytes: Uint8Array } | { double: number };

export class MalformedProtobuf extends Error {}

/** The fields of one message, in the order in which they stand there. */
export function* fieldsOf(message: Uint8Array): Generator<[number, WireValue]> {
  const reader = { message, at: 0 };
  while (reader.at < message.length) {
    const tag = Number(varint(reader));
    yield [tag >>> 3, valueOf(reader, tag & 7)];
  }
}

interface Reader {
  message: Uint8Array;
  at: number;
}

function valueOf(reader: Reader, wireType: number): WireValue {
  switch (wireType) {
    case 0:
      return { varint: varint(reader) };
    case 1: {
      const bytes = take(reader, 8);
      return { double: new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true) };
    }
    case 2:
      return { bytes: take(reader, Number(varint(reader))) };
    case 5: {
      const bytes = take(reader, 4);
      return { double: new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true) };
    }
    default:
      throw new MalformedProtobuf(`proto: illegal wireType ${wireType}`);
  }
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.at + length;
  if (end > reader.message.length) throw new MalformedProtobuf("unexpected EOF");
  const bytes = reader.message.subarray(reader.at, end);
  reader.at = end;
  return bytes;
}

/** Most are short; a BigInt keeps the sign of the ten-byte ones. */
function varint(reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.message[reader.at];
    if (byte === undefined) throw new MalformedProtobuf("unexpected EOF");
    reader.at += 1;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  throw new MalformedProtobuf("proto: integer overflow");
}
