import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { DecompressionError, tooLarge } from "./decompressed-output.ts";
import { decompressLz4 } from "./lz4.ts";
import { decompressSnappy } from "./snappy.ts";

/**
 * A batch may become so much, whatever it is in its topic: 1 MB by default (`max.message.bytes`), of which gzip may make 1 GB
 * and zstd more. Sensors' JSON becomes 10 to 20 times what it was. A unit may take 384 MB (MemoryMax), of which this is taken
 * twice for a moment, and once while the batch is processed; two batches are never decompressed at once.
 */
export const MAX_DECOMPRESSED_BYTES = 32 * 1024 * 1024;

/** By the number of the codec (the attributes of a batch, bits 0 to 2). */
const CODECS: Readonly<Record<number, (bytes: Buffer, maxBytes: number) => Buffer>> = {
  1: bounded("gzip", (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })),
  2: bounded("snappy", decompressSnappy),
  3: bounded("lz4", decompressLz4),
  4: bounded("zstd", (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength })),
};

/** Throws a {@link DecompressionError}, before more than `maxBytes` are taken. */
export function decompress(codec: number, bytes: Buffer, maxBytes = MAX_DECOMPRESSED_BYTES): Buffer {
  const known = CODECS[codec];
  if (known === undefined) throw new DecompressionError(`codec ${codec} is not known; Kafka has 1 to 4`);
  return known(bytes, maxBytes);
}

function bounded(name: string, work: (bytes: Buffer, maxBytes: number) => Buffer): typeof work {
  return (bytes, maxBytes) => {
    try {
      return work(bytes, maxBytes);
    } catch (cause) {
      const isTooLarge = (cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
      const { message } = isTooLarge ? tooLarge(maxBytes) : (cause as Error);
      throw new DecompressionError(`${name}: ${message}`, { cause });
    }
  };
}
