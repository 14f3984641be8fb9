/**
 * The types that Kafka's messages are made of, each of which reads and writes one value. Source: Kafka's protocol guide,
 * "Protocol Primitive Types", and KIP-482 for flexible versions (compact lengths, tagged fields).
 */

/** What goes on the wire of one version of a message. */
export interface Version {
  readonly number: number;
  /** Lengths are compact, and each structure ends with tagged fields (KIP-482). */
  readonly flexible: boolean;
}

/** How a value of one type is read and written. */
export interface Type<T> {
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

export type ValueOf<T> = T extends Type<infer Value> ? Value : never;

/** A message that ends too early, or names a length that it does not have. */
export class MalformedMessageError extends Error {
  constructor(problem: string) {
    super(`an answer of a broker is malformed: ${problem}`);
    this.name = "MalformedMessageError";
  }
}

export class Reader {
  readonly bytes: Buffer;
  readonly version: Version;
  at: number;

  constructor(bytes: Buffer, version: Version, at = 0) {
    this.bytes = bytes;
    this.version = version;
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Moves behind so many bytes, and gives where they begin. */
  skip(count: number): number {
    if (count < 0 || count > this.left)
      throw new MalformedMessageError(`${count} bytes expected, ${this.left} are left`);
    this.at += count;
    return this.at - count;
  }

  take(count: number): Buffer {
    const start = this.skip(count);
    return this.bytes.subarray(start, start + count);
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.skip(1)] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedMessageError("a number has no end");
  }

  /** Of a string, bytes or an array: undefined for null. Never more than there are bytes, so that nothing is made for it in vain. */
  length(fixedBytes: 2 | 4): number | undefined {
    const length = this.version.flexible
      ? this.unsignedVarint() - 1
      : fixedBytes === 2
        ? this.bytes.readInt16BE(this.skip(2))
        : this.bytes.readInt32BE(this.skip(4));
    if (length > this.left) throw new MalformedMessageError(`a length of ${length} where ${this.left} bytes are left`);
    return length < 0 ? undefined : length;
  }
}

/** Larger values are kept as they are instead of being copied. */
const KEEP_BYTES = 16 * 1024;
const FIRST_BYTES = 512;

export class Writer {
  readonly version: Version;
  readonly #pieces: Buffer[] = [];
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  constructor(version: Version) {
    this.version = version;
  }

  /** All that was written, in order. */
  get pieces(): readonly Buffer[] {
    return [...this.#pieces, this.#bytes.subarray(0, this.#at)];
  }

  get size(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, this.#at);
  }

  /** Makes room for so many bytes: gives what they are to be written into, and where. */
  room(count: number): [Buffer, number] {
    if (this.#at + count > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#at + count));
      this.#bytes.copy(larger, 0, 0, this.#at);
      this.#bytes = larger;
    }
    this.#at += count;
    return [this.#bytes, this.#at - count];
  }

  put(bytes: Uint8Array): void {
    if (bytes.length >= KEEP_BYTES) {
      this.#pieces.push(
        this.#bytes.subarray(0, this.#at),
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      );
      this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
      this.#at = 0;
      return;
    }
    const [into, at] = this.room(bytes.length);
    into.set(bytes, at);
  }

  unsignedVarint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#byte((rest % 128) + 0x80);
    this.#byte(rest);
  }

  length(length: number | undefined, fixedBytes: 2 | 4): void {
    if (this.version.flexible) this.unsignedVarint((length ?? -1) + 1);
    else {
      const [into, at] = this.room(fixedBytes);
      into.writeIntBE(length ?? -1, at, fixedBytes);
    }
  }

  #byte(value: number): void {
    const [into, at] = this.room(1);
    into[at] = value;
  }
}

function integer(size: 1 | 2 | 4): Type<number> {
  return {
    read: (reader) => reader.bytes.readIntBE(reader.skip(size), size),
    write: (writer, value) => {
      const [into, at] = writer.room(size);
      into.writeIntBE(value, at, size);
    },
  };
}

export const int8 = integer(1);
export const int16 = integer(2);
export const int32 = integer(4);

export const int64: Type<bigint> = {
  read: (reader) => reader.bytes.readBigInt64BE(reader.skip(8)),
  write: (writer, value) => {
    const [into, at] = writer.room(8);
    into.writeBigInt64BE(value, at);
  },
};

export const boolean: Type<boolean> = {
  read: (reader) => int8.read(reader) !== 0,
  write: (writer, value) => int8.write(writer, value ? 1 : 0),
};

export const nullableString: Type<string | null> = {
  read: (reader) => {
    const length = reader.length(2);
    return length === undefined ? null : reader.take(length).toString();
  },
  write: (writer, value) => {
    writer.length(value === null ? undefined : Buffer.byteLength(value), 2);
    if (value !== null) writer.put(Buffer.from(value));
  },
};

export const string = required(nullableString);

/** A view of what was received, not a copy. */
export const nullableBytes: Type<Buffer | null> = {
  read: (reader) => {
    const length = reader.length(4);
    return length === undefined ? null : reader.take(length);
  },
  write: (writer, value) => {
    writer.length(value?.length, 4);
    if (value !== null) writer.put(value);
  },
};

export const bytes = required(nullableBytes);

/** 16 bytes, in hex. */
export const uuid: Type<string> = {
  read: (reader) => reader.take(16).toString("hex"),
  write: (writer, value) => writer.put(Buffer.from(value, "hex")),
};

export function nullableArray<T>(of: Type<T>): Type<readonly T[] | null> {
  return {
    read: (reader) => {
      const length = reader.length(4);
      return length === undefined ? null : Array.from({ length }, () => of.read(reader));
    },
    write: (writer, values) => {
      writer.length(values?.length, 4);
      for (const value of values ?? []) of.write(writer, value);
    },
  };
}

export function array<T>(of: Type<T>): Type<readonly T[]> {
  return required(nullableArray(of));
}

type Fields = Readonly<Record<string, Type<unknown>>>;
type StructOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };
type TaggedOf<F extends Fields> = { readonly [K in keyof F]?: ValueOf<F[K]> };

/**
 * Fields one after the other.
 * @param tagged by tag, the fields that a broker may leave out and that are read; all others are skipped, and none is written
 */
export function struct<F extends Fields, T extends Fields = Record<never, never>>(
  fields: F,
  tagged: { readonly [tag: number]: keyof T } = {},
  taggedTypes: T = {} as T,
): Type<StructOf<F> & TaggedOf<T>> {
  const entries = Object.entries(fields);
  return {
    read: (reader) => {
      const value: Record<string, unknown> = {};
      for (const [name, type] of entries) value[name] = type.read(reader);
      if (reader.version.flexible) {
        for (let count = reader.unsignedVarint(); count > 0; count--) {
          const name = tagged[reader.unsignedVarint()] as string | undefined;
          const end = reader.unsignedVarint() + reader.at;
          if (name !== undefined) value[name] = taggedTypes[name]?.read(reader);
          reader.skip(end - reader.at);
        }
      }
      return value as StructOf<F> & TaggedOf<T>;
    },
    write: (writer, value) => {
      for (const [name, type] of entries) type.write(writer, (value as Record<string, unknown>)[name]);
      if (writer.version.flexible) writer.unsignedVarint(0);
    },
  };
}

/** A field that only versions up to this one have: later it reads as `otherwise`, and is not written. */
export function upTo<T>(version: number, type: Type<T>, otherwise: T): Type<T> {
  return {
    read: (reader) => (reader.version.number <= version ? type.read(reader) : otherwise),
    write: (writer, value) => {
      if (writer.version.number <= version) type.write(writer, value);
    },
  };
}

function required<T>(type: Type<T | null>): Type<T> {
  return {
    read: (reader) => {
      const value = type.read(reader);
      if (value === null) throw new MalformedMessageError("null where a value has to be");
      return value;
    },
    write: (writer, value) => type.write(writer, value),
  };
}
