import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { crc32c } from "../../kafka/crc32c.ts";
import type { RecordBatch } from "../../kafka/kafka.ts";
import { recordsOf } from "../../kafka/record-reader.ts";
import { RecordWriter } from "../../kafka/record-writer.ts";
import { batchOf, encodedBatch, kafkajsCrc32c, readByKafkajs, records, type WrittenRecord } from "./record-batches.ts";

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
        const read = recordsOf([{ baseOffset, bytes: whole.subarray(12) }]);
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
    expect(recordsOf(batches, 11n).map(({ value }) => String(value))).toEqual(["b", "c"]);
  });

  test("may hold batches that compaction has emptied", async () => {
    const batches = [await batchOf(10n, []), await batchOf(20n, [plain("c", 3)])];
    expect(recordsOf(batches, 10n).map(({ offset }) => offset)).toEqual([23n]);
  });

  test("has the broker's time where the topic wants that", async () => {
    const batch = await batchOf(0n, [plain("a", 0), { ...plain("b", 1), timestampMs: 5000 }]);
    batch.bytes.writeInt16BE(0x08, 9);
    batch.bytes.writeUInt32BE(crc32c(batch.bytes, 9), 5);
    expect(recordsOf([batch]).map(({ timestamp }) => timestamp)).toEqual(["5000", "5000"]);
  });

  test("is refused when a single bit is not as it was written", async () => {
    const { bytes } = await batchOf(10n, [plain("7", 0), plain("8", 1)]);
    fc.assert(
      fc.property(fc.integer({ min: 8 * 5, max: 8 * bytes.length - 1 }), (bit) => {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(() => recordsOf([{ baseOffset: 10n, bytes: damaged }])).toThrow(
          /^the record batch at offset 10 is damaged: its checksum is/,
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
          expect((error as Error).name).toBe("CorruptBatchError");
        }
      }),
      { numRuns: 500 },
    );
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
      expect(recordsOf([{ baseOffset: 0n, bytes: encoded.encode(sender).subarray(12) }])).toHaveLength(written.length);
    }),
  );
});
