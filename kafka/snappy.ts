import { DecompressionError, Output } from "./decompressed-output.ts";

/** Java's producers frame snappy as snappy-java does: 16 bytes of header, then blocks after their length. */
const FRAMED = Buffer.from("\x82SNAPPY\0", "latin1");
const FRAME_HEADER_BYTES = 16;

/** Throws a {@link DecompressionError}, before more than `maxBytes` are taken. */
export function decompressSnappy(bytes: Buffer, maxBytes: number): Buffer {
  if (!bytes.subarray(0, FRAMED.length).equals(FRAMED)) return decompressBlock(bytes, maxBytes);
  const blocks: Buffer[] = [];
  let total = 0;
  for (let start = FRAME_HEADER_BYTES; start < bytes.length; ) {
    const length = start + 4 <= bytes.length ? bytes.readInt32BE(start) : -1;
    start += 4;
    if (length < 0 || start + length > bytes.length) throw new DecompressionError("a block goes past its end");
    const block = decompressBlock(bytes.subarray(start, start + length), maxBytes - total);
    blocks.push(block);
    total += block.length;
    start += length;
  }
  return Buffer.concat(blocks, total);
}

/** Source: snappy's format_description.txt. A block begins with its length when it is decompressed. */
function decompressBlock(block: Buffer, maxBytes: number): Buffer {
  let at = 0;
  const byte = () => {
    const next = block[at++];
    if (next === undefined) throw new DecompressionError("it ends too soon");
    return next;
  };
  const littleEndian = (count: number) => {
    let value = 0;
    for (let i = 0; i < count; i++) value += byte() * 2 ** (8 * i);
    return value;
  };
  let length = 0;
  for (let shift = 0, more = true; more; shift += 7) {
    const next = byte();
    length += (next & 0x7f) * 2 ** shift;
    more = next >= 0x80 && shift < 28;
  }
  const output = new Output(length, maxBytes);
  while (at < block.length) {
    const tag = byte();
    const size = tag >> 2;
    switch (tag & 3) {
      case 0: {
        const count = (size < 60 ? size : littleEndian(size - 59)) + 1;
        output.append(block, at, count);
        at += count;
        break;
      }
      case 1:
        output.repeat(((tag >> 5) << 8) | byte(), (size & 7) + 4);
        break;
      case 2:
        output.repeat(littleEndian(2), size + 1);
        break;
      default:
        output.repeat(littleEndian(4), size + 1);
    }
  }
  return output.finish();
}
