/** Kafka's primitive types as bytes (Kafka protocol guide, "Protocol Primitive Types"); what reads them is the Reader. */
export function int8(value: number): Buffer {
  return Buffer.from([value]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A nullable string. */
export function string(text: string | undefined): Buffer {
  const bytes = Buffer.from(text ?? "");
  const length = Buffer.alloc(2);
  length.writeInt16BE(text === undefined ? -1 : bytes.length);
  return Buffer.concat([length, bytes]);
}

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export function array(items: readonly Buffer[]): Buffer {
  return Buffer.concat([int32(items.length), ...items]);
}

/** Lengths of the compact types are one more than they say; 0 is null. */
export function compactString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length + 1), bytes]);
}

export function compactArray(items: readonly Buffer[]): Buffer {
  return Buffer.concat([varint(items.length + 1), ...items]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left]);
    bytes.push((left & 0x7f) | 0x80);
  }
}

/** No tagged fields. */
export const noTags = Buffer.from([0]);
