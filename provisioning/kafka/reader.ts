/** Reads Kafka's primitive types one after another (Kafka protocol guide, "Protocol Primitive Types"); past the end it throws. */
export class Reader {
  private at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int8(): number {
    return this.bytes.readInt8(this.skip(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.skip(4));
  }

  int64(): number {
    return Number(this.bytes.readBigInt64BE(this.skip(8)));
  }

  varint(): number {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = this.bytes.readUInt8(this.skip(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** A nullable string; undefined for null. */
  string(): string | undefined {
    const length = this.int16();
    if (length < 0) return undefined;
    const from = this.skip(length);
    return this.bytes.toString("utf8", from, from + length);
  }

  /** A nullable compact string; undefined for null. */
  compactString(): string | undefined {
    const length = this.varint() - 1;
    if (length < 0) return undefined;
    const from = this.skip(length);
    return this.bytes.toString("utf8", from, from + length);
  }

  /** Nullable bytes; empty for null. */
  sized(): Buffer {
    const length = Math.max(0, this.int32());
    const from = this.skip(length);
    return this.bytes.subarray(from, from + length);
  }

  /** Goes on by so many bytes; gives where they begin. */
  skip(count: number): number {
    const from = this.at;
    this.at += count;
    if (this.at > this.bytes.length) throw new Error("the answer ends early");
    return from;
  }

  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, item);
  }

  compactArray<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.varint() - 1) }, item);
  }

  /** Tagged fields, which say nothing here. */
  tags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint();
      this.skip(this.varint());
    }
  }
}
