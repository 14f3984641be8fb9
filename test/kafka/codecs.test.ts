import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import lz4 from "lz4js";
import snappy from "snappyjs";
import { decompress, MAX_DECOMPRESSED_BYTES } from "../../kafka/codecs.ts";

/** As snappy-java frames what Java's producers send. */
function framed(...blocks: readonly Uint8Array[]): Buffer {
  const header = Buffer.from("\x82SNAPPY\0\0\0\0\x01\0\0\0\x01", "latin1");
  const sized = blocks.map((block) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    return Buffer.concat([size, block]);
  });
  return Buffer.concat([header, ...sized]);
}

const snappyOf = (bytes: Uint8Array) => Buffer.from(snappy.compress(Buffer.from(bytes)));
const CODECS: [name: string, codec: number, compress: (bytes: Buffer) => Uint8Array][] = [
  ["gzip", 1, (bytes) => gzipSync(bytes)],
  ["snappy", 2, snappyOf],
  ["framed snappy", 2, (bytes) => framed(snappyOf(bytes.subarray(0, 100)), snappyOf(bytes.subarray(100)))],
  ["lz4", 3, (bytes) => lz4.compress(bytes)],
  ["zstd", 4, (bytes) => zstdCompressSync(bytes)],
];

/** Bytes as they come, and such that repeat themselves, from near and far. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(400)).map(([some, times]) => {
        return Uint8Array.from({ length: some.length * times }, (_, i) => some[i % some.length] as number);
      }),
      fc.constant(Uint8Array.from({ length: 70_000 }, (_, i) => (i * i) >> 8)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

describe.each(CODECS)("%s", (_, codec, compress) => {
  test("gives what was compressed", () => {
    fc.assert(
      fc.property(bytes, (all) => {
        expect(decompress(codec, Buffer.from(compress(all))).equals(all)).toBe(true);
      }),
    );
  });

  test("gives no more than may be, and what is just as much", () => {
    const some = Buffer.from(compress(Buffer.alloc(100_000, "room 7: 21.5 ")));
    expect(decompress(codec, some, 100_000)).toHaveLength(100_000);
    expect(() => decompress(codec, some, 99_999)).toThrow(/: decompressed it has more than \d+ bytes$/);
  });

  test("gives an error of its own for whatever was made of the bytes", () => {
    const some = Buffer.from(compress(Buffer.from("21.5 21.75 21.5 21.5 21.5 21.5 21.5 22 22 22 22 22".repeat(5))));
    const edit = fc.tuple(fc.nat(some.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), fc.nat(some.length), (edits, length) => {
        const wrong = Buffer.from(some);
        for (const [at, byte] of edits) wrong[at] = byte;
        try {
          expect(decompress(codec, wrong.subarray(0, length), 10_000).length).toBeLessThanOrEqual(10_000);
        } catch (error) {
          expect((error as Error).name).toBe("DecompressionError");
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const varint = (value: number) =>
  Buffer.from([0, 7, 14, 21, 28].map((at) => ((value / 2 ** at) & 0x7f) | (at < 28 ? 0x80 : 0)));
/** A frame of one block: a byte, and 255 repetitions of it with each byte that follows. */
const lz4Bomb = () => {
  const block = Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), Buffer.alloc(200_000, 255), Buffer.from([0])]);
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(block.length, 7);
  return Buffer.concat([head, block, Buffer.alloc(4)]);
};

test.each<[string, number, () => Buffer]>([
  ["gzip of zeros", 1, () => gzipSync(Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1))],
  ["snappy that says it becomes 4 GB", 2, () => Buffer.concat([varint(2 ** 32 - 1), Buffer.from([0, 0])])],
  ["framed snappy of two halves", 2, () => framed(Buffer.from(snappy.compress(Buffer.alloc(100))), varint(2 ** 25))],
  ["lz4 of one byte and its repetitions", 3, lz4Bomb],
  ["zstd of zeros", 4, () => zstdCompressSync(Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1))],
])("%s is refused at the bound, whatever a batch says of itself", (_, codec, bomb) => {
  const bytes = bomb();
  expect(bytes.length).toBeLessThan(1_000_000);
  expect(() => decompress(codec, bytes)).toThrow(/decompressed it has more than 33\d{6} bytes/);
});

test("snappy's blocks are as long as they say, or none", () => {
  const negative = framed(Buffer.alloc(8));
  negative.writeInt32BE(-24, 16);
  expect(() => decompress(2, negative)).toThrow("snappy: a block goes past its end");
});

test("Kafka has four codecs, all with the same bound", () => {
  expect(() => decompress(5, Buffer.alloc(9))).toThrow("codec 5 is not known");
  const bomb = gzipSync(Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1));
  expect(() => decompress(1, bomb)).toThrow("gzip: decompressed it has more than");
});
