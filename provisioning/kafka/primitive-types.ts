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
