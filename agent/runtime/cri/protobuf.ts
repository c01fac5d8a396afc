/**
 * Protocol Buffers from tables: a message is an object of numbered fields, and its TypeScript type follows from the
 * table. Only what CRI needs (proto3: varints, strings, bytes, messages, repeated, maps of strings); reflection with
 * generated code would cost the agent several megabytes for messages it never sends.
 */
import protobuf from "protobufjs/minimal.js";

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;

const varint = 0;
const fixed64 = 1;
const delimited = 2;

/** How one field stands on the wire; `Out` is what a decoded message holds, `In` what may be given to encode. */
interface Codec<Out, In = Out> {
  absent(): Out;
  /** Writes tag and value; writes nothing for the default value. */
  write(writer: Writer, number: number, value: In): void;
  /** Reads one occurrence; `previous` is what earlier occurrences of a repeated field gave. */
  read(reader: Reader, wireType: number, previous: Out): Out;
}

interface Field<Out, In = Out> extends Codec<Out, In> {
  number: number;
}

type Fields = Record<string, Field<unknown, never>>;
type OutOf<F> = F extends Codec<infer Out, never> ? Out : never;
type InOf<F> = F extends { write(writer: Writer, number: number, value: infer In): void } ? In : never;

/** A decoded message: every field is there, with proto3's default where the sender left it out. */
export type Decoded<F extends Fields> = { [K in keyof F]: OutOf<F[K]> };
/** A message to encode: what is left out or undefined is not sent. */
export type Encodable<F extends Fields> = { [K in keyof F]?: InOf<F[K]> | undefined };

export interface Message<Out, In> {
  encode(value: In): Uint8Array;
  decode(bytes: Uint8Array): Out;
  writeTo(writer: Writer, value: In): void;
  readFrom(reader: Reader, end: number): Out;
}

/** A message type from its table of fields. */
export function message<F extends Fields>(fields: F): Message<Decoded<F>, Encodable<F>> {
  const byNumber = new Map(Object.entries(fields).map(([name, field]) => [field.number, { name, field }]));

  function writeTo(writer: Writer, value: Encodable<F>): void {
    for (const [name, field] of Object.entries(fields)) {
      const given = value[name];
      // The table gave `value` its type, so each value fits its own field; the union of all does not say so.
      if (given !== undefined) field.write(writer, field.number, given as never);
    }
  }

  function readFrom(reader: Reader, end: number): Decoded<F> {
    const result: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) result[name] = field.absent();
    while (reader.pos < end) {
      const tag = reader.uint32();
      const known = byNumber.get(tag >>> 3);
      if (known === undefined) reader.skipType(tag & 7);
      else result[known.name] = known.field.read(reader, tag & 7, result[known.name]);
    }
    return result as Decoded<F>;
  }

  return {
    writeTo,
    readFrom,
    encode: (value) => {
      const writer = protobuf.Writer.create();
      writeTo(writer, value);
      return writer.finish();
    },
    decode: (bytes) => readFrom(protobuf.Reader.create(bytes), bytes.length),
  };
}

const stringCodec: Codec<string> = {
  absent: () => "",
  write: (writer, number, value) => {
    if (value !== "") writer.uint32((number << 3) | delimited).string(value);
  },
  read: (reader) => reader.string(),
};

const bytesCodec: Codec<Uint8Array> = {
  absent: () => new Uint8Array(),
  write: (writer, number, value) => {
    if (value.length > 0) writer.uint32((number << 3) | delimited).bytes(value);
  },
  read: (reader) => reader.bytes(),
};

const boolCodec: Codec<boolean> = {
  absent: () => false,
  write: (writer, number, value) => {
    if (value) writer.uint32((number << 3) | varint).bool(true);
  },
  read: (reader) => reader.bool(),
};

const int32Codec: Codec<number> = {
  absent: () => 0,
  write: (writer, number, value) => {
    if (value !== 0) writer.uint32((number << 3) | varint).int32(value);
  },
  read: (reader) => reader.int32(),
};

const int64Codec: Codec<number> = {
  absent: () => 0,
  write: (writer, number, value) => {
    if (value !== 0) writer.uint32((number << 3) | varint).int64(value);
  },
  read: (reader, wireType) => Number(wireType === fixed64 ? reader.fixed64() : reader.int64()),
};

export const string = (number: number): Field<string> => ({ number, ...stringCodec });
export const bytes = (number: number): Field<Uint8Array> => ({ number, ...bytesCodec });
export const bool = (number: number): Field<boolean> => ({ number, ...boolCodec });
/** int32, uint32 and enums. */
export const int32 = (number: number): Field<number> => ({ number, ...int32Codec });
/** int64 and uint64 as a number: exact up to 2^53; nanoseconds since the epoch keep microseconds. */
export const int64 = (number: number): Field<number> => ({ number, ...int64Codec });

/** A message inside a message; undefined where it is absent. */
export function sub<Out, In>(number: number, type: Message<Out, In>): Field<Out | undefined, In | undefined> {
  const { write, read } = messageCodec(type);
  return {
    number,
    absent: () => undefined,
    write: (writer, at, value) => {
      if (value !== undefined) write(writer, at, value);
    },
    read: (reader) => read(reader),
  };
}

/** A list of messages. */
export function list<Out, In>(number: number, type: Message<Out, In>): Field<Out[], readonly In[]> {
  const { write, read } = messageCodec(type);
  return {
    number,
    absent: () => [],
    write: (writer, at, values) => {
      for (const value of values) write(writer, at, value);
    },
    read: (reader, _wireType, previous) => [...previous, read(reader)],
  };
}

/** A list of strings. */
export const strings = (number: number): Field<string[], readonly string[]> => ({
  number,
  absent: () => [],
  write: (writer, at, values) => {
    for (const value of values) writer.uint32((at << 3) | delimited).string(value);
  },
  read: (reader, _wireType, previous) => [...previous, reader.string()],
});

/** A list of integers: sent one by one, read packed or one by one, as every proto3 peer must accept. */
export const integers = (number: number): Field<number[], readonly number[]> => ({
  number,
  absent: () => [],
  write: (writer, at, values) => {
    for (const value of values) writer.uint32((at << 3) | varint).int64(value);
  },
  read: (reader, wireType, previous) => {
    if (wireType !== delimited) return [...previous, Number(reader.int64())];
    const end = reader.uint32() + reader.pos;
    const values = [...previous];
    while (reader.pos < end) values.push(Number(reader.int64()));
    return values;
  },
});

const entry = message({ key: string(1), value: string(2) });

/** `map<string, string>`. */
export const stringMap = (number: number): Field<Record<string, string>> => ({
  number,
  absent: () => ({}),
  write: (writer, at, map) => {
    const { write } = messageCodec(entry);
    for (const [key, value] of Object.entries(map)) write(writer, at, { key, value });
  },
  read: (reader, _wireType, previous) => {
    const { key, value } = messageCodec(entry).read(reader);
    return { ...previous, [key]: value };
  },
});

function messageCodec<Out, In>(type: Message<Out, In>) {
  return {
    write(writer: Writer, number: number, value: In): void {
      writer.uint32((number << 3) | delimited).fork();
      type.writeTo(writer, value);
      writer.ldelim();
    },
    read(reader: Reader): Out {
      const length = reader.uint32();
      return type.readFrom(reader, reader.pos + length);
    },
  };
}
