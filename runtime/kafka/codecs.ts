import { zstdDecompressSync } from "node:zlib";
import kafkajs from "kafkajs";

/**
 * kafkajs reads gzip by itself and fails on the other codecs that producers may choose, which would stop the service for
 * good. Services write uncompressed, so these only read. Most services never meet one: what they need is loaded when it comes.
 */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = () => readOnly(decompressSnappy);
  CompressionCodecs[CompressionTypes.LZ4] = () =>
    readOnly(async (bytes) => Buffer.from((await import("lz4js")).default.decompress(bytes)));
  CompressionCodecs[CompressionTypes.ZSTD] = () => readOnly((bytes) => zstdDecompressSync(bytes));
}

function readOnly(decompress: (bytes: Buffer) => Buffer | Promise<Buffer>) {
  return {
    compress: () => Promise.reject(new Error("services write uncompressed")),
    decompress: async (bytes: Buffer) => decompress(bytes),
  };
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
