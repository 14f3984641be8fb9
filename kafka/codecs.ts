import { gunzipSync, zstdDecompressSync } from "node:zlib";

/**
 * What a producer compressed, by the number that a batch's attributes have for the codec. Services write uncompressed, so
 * there is only reading. Most services never meet snappy or lz4: what they need is loaded when it comes.
 */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  switch (codec) {
    case 1:
      return gunzipSync(bytes);
    case 2:
      return decompressSnappy(bytes);
    case 3:
      return Buffer.from((await import("lz4js")).default.decompress(bytes));
    case 4:
      return zstdDecompressSync(bytes);
    default:
      throw new Error(`batches compressed with codec ${codec}, which Kafka does not know`);
  }
}

/** Java's producers frame snappy as snappy-java does: 16 bytes of header, then blocks after their length. */
const FRAMED = Buffer.from("\x82SNAPPY\0", "latin1");
const FRAME_HEADER_BYTES = 16;

async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  const { default: snappy } = await import("snappyjs");
  if (!bytes.subarray(0, FRAMED.length).equals(FRAMED)) return Buffer.from(snappy.uncompress(bytes));
  const blocks: Buffer[] = [];
  for (let start = FRAME_HEADER_BYTES; start < bytes.length; ) {
    const end = start + 4 + bytes.readInt32BE(start);
    blocks.push(Buffer.from(snappy.uncompress(bytes.subarray(start + 4, end))));
    start = end;
  }
  return Buffer.concat(blocks);
}
