import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { crc32c } from "../../kafka/crc32c.ts";
import type { UnreadableBatchError } from "../../kafka/errors.ts";
import type { RecordBatch } from "../../kafka/kafka.ts";
import { MAX_HEADERS, MAX_RECORD_BYTES, RecordReader, recordsOf } from "../../kafka/record-reader.ts";
import { RecordWriter } from "../../kafka/record-writer.ts";
import {
  batchOf,
  compressed,
  encodedBatch,
  kafkajsCrc32c,
  readByKafkajs,
  records,
  sealed,
  type WrittenRecord,
} from "./record-batches.ts";

const sender = { transactional: true, producerId: 4711n, producerEpoch: 3, firstSequence: 2 ** 31 - 1 };
const plain = (value: string, offsetDelta: number): WrittenRecord => ({
  offsetDelta,
  timestampMs: 1000,
  key: null,
  value: Buffer.from(value),
});

test("a checksum is CRC-32C", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283); // the check value of the catalogues
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa); // RFC 3720, B.4
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), fc.nat(9), fc.nat(9), (all, from, start, left) => {
      const bytes = all.subarray(from);
      const end = Math.max(0, bytes.length - left);
      expect(crc32c(bytes, start, end)).toBe(kafkajsCrc32c(Buffer.from(bytes.slice(start, Math.max(start, end)))));
    }),
  );
});

test("what a batch was written in is used again once a broker has the batch, unless it may still be sent", async () => {
  const written = (value: string) => {
    const writer = new RecordWriter(100_000);
    writer.write(null, value, 1000);
    return writer.finish();
  };
  const [once, twice] = [written("once"), written("twice")];
  const onceBytes = once.encode(sender);
  once.release();
  expect(written("again").encode(sender).buffer).toBe(onceBytes.buffer);
  twice.encode(sender);
  const twiceBytes = twice.encode(sender);
  twice.release();
  expect(written("again").encode(sender).buffer).not.toBe(twiceBytes.buffer);
  expect((await readByKafkajs(twiceBytes)).records.map(({ value }) => String(value))).toEqual(["twice"]);
});

describe("what was fetched", () => {
  test("is read as kafkajs reads it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: 0n, max: 2n ** 60n }), records, async (baseOffset, written) => {
        const whole = await encodedBatch(baseOffset, written);
        const read = [...recordsOf([{ baseOffset, bytes: whole.subarray(12) }])];
        const wanted = (await readByKafkajs(whole)).records;
        expect(read.map((each) => [String(each.offset), each.timestamp, each.key, each.value, each.headers])).toEqual(
          wanted.map((each, i) => {
            const headers = Object.entries(written[i]?.headers ?? {}).map(([name, value]) => [name, [value]]);
            return [each.offset, each.timestamp, each.key, each.value, Object.fromEntries(headers)];
          }),
        );
      }),
    );
  });

  test("begins at the offset that was asked for, in the middle of a batch", async () => {
    const batches = [await batchOf(10n, [plain("a", 0), plain("b", 1)]), await batchOf(12n, [plain("c", 0)])];
    expect(Array.from(recordsOf(batches, 11n)).map(({ value }) => String(value))).toEqual(["b", "c"]);
  });

  test("may hold batches that compaction has emptied", async () => {
    const batches = [await batchOf(10n, []), await batchOf(20n, [plain("c", 3)])];
    expect(Array.from(recordsOf(batches, 10n)).map(({ offset }) => offset)).toEqual([23n]);
  });

  test("has the broker's time where the topic wants that", async () => {
    const batch = await batchOf(0n, [plain("a", 0), { ...plain("b", 1), timestampMs: 5000 }]);
    batch.bytes.writeInt16BE(0x08, 9);
    batch.bytes.writeUInt32BE(crc32c(batch.bytes, 9), 5);
    expect(Array.from(recordsOf([batch])).map(({ timestamp }) => timestamp)).toEqual(["5000", "5000"]);
  });

  test("is refused when a single bit is not as it was written", async () => {
    const { bytes } = await batchOf(10n, [plain("7", 0), plain("8", 1)]);
    fc.assert(
      fc.property(fc.integer({ min: 8 * 5, max: 8 * bytes.length - 1 }), (bit) => {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(() => [...recordsOf([{ baseOffset: 10n, bytes: damaged }])]).toThrow(
          /^the record batch with offset.* is damaged: its checksum is/,
        );
      }),
    );
  });

  test("is refused, and never read past its end, when a writer made it wrong and put a right checksum on it", async () => {
    const { bytes } = await batchOf(10n, [
      plain("7", 0),
      { ...plain("8", 1), key: Buffer.from("k"), headers: { a: Buffer.from("b") } },
    ]);
    const edit = fc.tuple(fc.integer({ min: 45, max: bytes.length - 1 }), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(bytes.length - 50), (edits, cut) => {
        const wrong = Buffer.from(bytes.subarray(0, bytes.length - cut));
        for (const [at, byte] of edits) if (at < wrong.length) wrong[at] = byte;
        wrong.writeUInt32BE(crc32c(wrong, 9), 5);
        const batch: RecordBatch = { baseOffset: 10n, bytes: wrong };
        try {
          for (const { key, value } of recordsOf([batch])) {
            expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThan(wrong.length);
          }
        } catch (error) {
          expect((error as Error).name).toBe("UnreadableBatchError");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("what was compressed", () => {
  const zipped = async (baseOffset: bigint, written: readonly WrittenRecord[]) => {
    const batch = await batchOf(baseOffset, written);
    return compressed(batch, 1, gzipSync(batch.bytes.subarray(49)));
  };
  const errorOf = (batch: RecordBatch, from?: bigint): UnreadableBatchError => {
    try {
      Array.from(recordsOf([batch], from));
    } catch (error) {
      return error as UnreadableBatchError;
    }
    throw new Error("it was read");
  };

  test("is read like what was not, also again and from its middle, and another in between", async () => {
    const three = ["7", "8", "9"].map(plain);
    const [one, other] = [await zipped(10n, three), await zipped(20n, three)];
    const values = (batches: RecordBatch[], from?: bigint) =>
      Array.from(recordsOf(batches, from), ({ value }) => String(value));
    expect(values([one, other])).toEqual(["7", "8", "9", "7", "8", "9"]);
    const reader = new RecordReader([one, other]);
    reader.next();
    expect(values([other], 21n)).toEqual(["8", "9"]);
    expect(values([one, other], 11n)).toEqual(["8", "9", "7", "8", "9"]);
    expect(values([one, other], 13n)).toEqual(["7", "8", "9"]);
    reader.next();
    expect(String(reader.value)).toBe("8");
  });

  test("keeps no memory but that of its own parts, however much it was decompressed with", async () => {
    const [record] = recordsOf([await zipped(0n, [plain("7", 0), plain("8".repeat(1_000_000), 1)])]);
    expect(record?.value?.buffer.byteLength).toBeLessThan(100_000);
  });

  test("is named by its offsets when it would become too much: the same wherever it is read", async () => {
    const batch = compressed(
      await batchOf(10n, [plain("7", 0), plain("8", 5)]),
      1,
      gzipSync(Buffer.alloc(2 ** 25 + 1)),
    );
    expect(errorOf(batch)).toMatchObject({ first: 10n, last: 15n, isDamaged: false });
    expect(errorOf(batch, 12n)).toMatchObject({
      first: 12n,
      last: 15n,
      message:
        "the record batch with offsets 12 to 15 cannot be read: gzip: decompressed it has more than 33554432 bytes",
    });
    expect(errorOf(compressed(batch, 5, batch.bytes)).message).toMatch(/cannot be read: codec 5 is not known/);
  });

  test("goes as far as it can be read", async () => {
    const { bytes } = await batchOf(10n, ["7", "8", "9"].map(plain));
    const cut = compressed({ baseOffset: 10n, bytes }, 1, gzipSync(bytes.subarray(49, -2)));
    const found: string[] = [];
    const read = () => {
      for (const { value } of recordsOf([cut])) found.push(String(value));
    };
    expect(read).toThrow("the record batch with offset 12 cannot be read: a record goes past its end");
    expect(found).toEqual(["7", "8"]);
  });

  test("is not read any further where an offset is not the next, or behind the last", async () => {
    for (const [deltas, offsets] of [
      [[0, 0], "offsets 11 to 15"],
      [[3, 2], "offsets 14 to 15"],
      [[1, 6], "offsets 12 to 15"],
    ] as const) {
      const whole = await encodedBatch(
        10n,
        deltas.map((delta) => plain("7", delta)),
        5,
      );
      expect(errorOf({ baseOffset: 10n, bytes: whole.subarray(12) }).message).toMatch(`${offsets} cannot be read`);
    }
    const more = await encodedBatch(10n, ["7", "8", "9"].map(plain), 1);
    expect(errorOf({ baseOffset: 10n, bytes: more.subarray(12) })).toMatchObject({ first: 10n, isDamaged: false });
  });

  test("of a record that is too large, or has too many headers, only a part is there, and why", async () => {
    const large = { ...plain("x".repeat(MAX_RECORD_BYTES), 1), key: Buffer.from("roof") };
    const records = [...recordsOf([await zipped(10n, [plain("7", 0), large, plain("8", 2)])])];
    expect(records.map(({ value }) => value?.length)).toEqual([1, 1024 * 1024, 1]);
    expect(records[1]?.refusal?.bytes).toBeGreaterThan(MAX_RECORD_BYTES);
    expect(records[1]).toMatchObject({
      key: Buffer.from("roof"),
      refusal: { why: expect.stringMatching(/^it has 41943\d\d bytes; of a compressed record .* at most 4194304$/) },
    });
    // Uncompressed it is for its topic to say.
    expect([...recordsOf([await batchOf(10n, [large])])][0]).not.toHaveProperty("refusal");

    const headers = Object.fromEntries(Array.from({ length: MAX_HEADERS + 1 }, (_, i) => [i, Buffer.from("a")]));
    const [record] = recordsOf([await batchOf(10n, [{ ...plain("7", 0), headers }])]);
    expect(record).toMatchObject({
      headers: {},
      refusal: { why: "it has 10001 headers; a service reads at most 10000" },
    });
  });
});

test("what is damaged is told from what anybody reads so", async () => {
  const { bytes } = await batchOf(10n, [plain("7", 0), plain("8", 1)]);
  const damaged = Buffer.from(bytes);
  damaged[60] = 1 ^ (damaged[60] as number);
  const isDamaged = (each: Buffer) => {
    try {
      Array.from(recordsOf([{ baseOffset: 10n, bytes: each }], 11n));
    } catch (error) {
      const { first, last, isDamaged } = error as UnreadableBatchError;
      return { first, last, isDamaged };
    }
    return undefined;
  };
  expect(isDamaged(damaged)).toEqual({ first: 11n, last: 11n, isDamaged: true });
  expect(isDamaged(bytes.subarray(0, 40))).toMatchObject({ isDamaged: true });
  expect(isDamaged(sealed(Buffer.concat([bytes, Buffer.alloc(1)])))).toEqual({
    first: 11n,
    last: 11n,
    isDamaged: false,
  });
});

test("what is written is read by kafkajs as it was meant, whoever sends it", async () => {
  const record = fc.tuple(
    fc.option(
      fc.oneof(
        fc.string(),
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      ),
    ),
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.integer({ min: 0, max: 2 ** 51 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 200 }), async (written) => {
      const writer = new RecordWriter(16);
      for (const [key, value, timestampMs] of written) {
        if (/^[\0-\x7f]*$/.test(value)) writer.writeAscii(key, value, timestampMs);
        else writer.write(key, value, timestampMs);
      }
      const encoded = writer.finish();
      expect(encoded.count).toBe(written.length);
      expect(encoded.keyed).toBe(written.some(([key]) => key !== null));
      encoded.encode({ ...sender, firstSequence: 5 }); // a send that failed
      const batch = await readByKafkajs(Buffer.from(encoded.encode(sender)));
      expect(batch).toMatchObject({
        inTransaction: true,
        isControlBatch: false,
        producerId: "4711",
        producerEpoch: 3,
        firstSequence: 2 ** 31 - 1,
        lastOffsetDelta: written.length - 1,
        maxTimestamp: String(Math.max(...written.map(([, , timestampMs]) => timestampMs))),
      });
      expect(batch.records.map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual(
        written.map(([key, value, timestampMs]) => [
          key === null ? null : Buffer.from(key),
          Buffer.from(value),
          String(timestampMs),
        ]),
      );
      // And by ours, which looks at the checksum.
      expect([...recordsOf([{ baseOffset: 0n, bytes: encoded.encode(sender).subarray(12) }])]).toHaveLength(
        written.length,
      );
    }),
  );
});
