import { createRequire } from "node:module";
import fc from "fast-check";
import { ATTRIBUTES_AT, CRC_AT, RECORDS_AT } from "../../kafka/batch-layout.ts";
import type { RecordBatch } from "../../kafka/kafka.ts";

/** The client library's own codec, as it is installed: what ours is compared with. */
const require = createRequire(import.meta.url);
const kafkajs = (path: string) => require(`kafkajs/src/protocol/${path}`);
const Decoder = kafkajs("decoder.js");
const Record = kafkajs("recordBatch/record/v0/index.js");
const { RecordBatch: encode } = kafkajs("recordBatch/v0/index.js");
const decode = kafkajs("recordBatch/v0/decoder.js");
export const kafkajsCrc32c: (bytes: Buffer) => number = kafkajs("recordBatch/crc32C/index.js");

export interface WrittenRecord {
  readonly offsetDelta: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: { readonly [name: string]: Buffer };
}

/** A batch as a broker sends it, from its offset on. */
export async function encodedBatch(
  baseOffset: bigint,
  records: readonly WrittenRecord[],
  lastOffsetDelta = records.at(-1)?.offsetDelta ?? 0,
): Promise<Buffer> {
  const firstTimestamp = records[0]?.timestampMs ?? 0;
  const encoder = await encode({
    firstOffset: baseOffset,
    firstTimestamp,
    maxTimestamp: Math.max(...records.map(({ timestampMs }) => timestampMs), 0),
    lastOffsetDelta,
    producerId: 7,
    records: records.map(({ timestampMs, ...record }) =>
      Record({ ...record, timestampDelta: timestampMs - firstTimestamp }),
    ),
  });
  return encoder.buffer;
}

export async function batchOf(baseOffset: bigint, records: readonly WrittenRecord[]): Promise<RecordBatch> {
  return { baseOffset, bytes: (await encodedBatch(baseOffset, records)).subarray(12) };
}

/** The same with its records as a codec has them. @param codec its number, as the attributes of a batch have it */
export function compressed({ baseOffset, bytes }: RecordBatch, codec: number, records: Uint8Array): RecordBatch {
  const batch = Buffer.concat([bytes.subarray(0, RECORDS_AT), records]);
  batch.writeInt16BE(codec, ATTRIBUTES_AT);
  return { baseOffset, bytes: sealed(batch) };
}

/** With the checksum that it must have. */
export function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(kafkajsCrc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT);
  return batch;
}

/** The records of a batch, from its offset on, as kafkajs reads them. */
export async function readByKafkajs(bytes: Buffer): Promise<{ records: ReadRecord[] }> {
  return decode(new Decoder(bytes));
}

interface ReadRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const numberText = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc.integer().map(String),
  fc.double({ min: -100, max: 100, noNaN: true }).map((x) => x.toFixed(3)),
);
/** What is no number, or a number of a strange kind. */
const hostileText = fc.constantFrom(
  ...'NaN|Infinity|1e309|-1e309|1E5|-0|-0.0|00|01|-|.5|5.|+1|0x10|1_0| 7|7 |\ufeff7|null|"7"|[7]|{}|12345678901234567890|0.1234567890123456789'.split(
    "|",
  ),
);
export const anyBytes = fc.oneof(
  { weight: 6, arbitrary: numberText.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: hostileText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
);
const jsonText = fc
  .record({
    id: fc.string({ maxLength: 5, unit: "binary" }),
    celsius: fc.double({ noNaN: true, noDefaultInfinity: true }),
  })
  .map((value) => JSON.stringify(value));
const value = fc.option(
  fc.oneof({ weight: 3, arbitrary: anyBytes }, { weight: 1, arbitrary: jsonText.map((text) => Buffer.from(text)) }),
  {
    freq: 20,
  },
);
const plainKey = fc.constantFrom("roof", "cellar", "\u00fcber", "").map((text) => Buffer.from(text));
const key = fc.option(
  fc.oneof({ weight: 9, arbitrary: plainKey }, { weight: 1, arbitrary: fc.constant(Buffer.from([0xff])) }),
  {
    freq: 2,
  },
);
const strange = fc.record({
  timestampMs: fc.constantFrom(1_700_000_000_000, 1_700_000_000_001, -1, 0, 5, 2 ** 51, 8.64e15),
  key,
  value,
  headers: fc.option(fc.constant({ sensor: Buffer.from("a") }), { nil: undefined }),
});
const usual = (text: fc.Arbitrary<string>) =>
  fc.record({
    timestampMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
    key: fc.option(plainKey, { freq: 2 }),
    value: text.map((each) => Buffer.from(each)),
    headers: fc.constant(undefined),
  });
/** Compaction leaves gaps. */
const gap = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(300) });

/** The records of one batch. */
const recordsOf = (
  one: fc.Arbitrary<Omit<WrittenRecord, "offsetDelta" | "headers"> & { headers: WrittenRecord["headers"] | undefined }>,
) =>
  fc.array(fc.tuple(one, gap), { minLength: 1, maxLength: 12 }).map((all): WrittenRecord[] => {
    let offsetDelta = -1;
    return all.map(([{ headers, ...record }, skipped]) => {
      offsetDelta += 1 + skipped;
      return { ...record, offsetDelta, ...(headers && { headers }) };
    });
  });
const batchesOf = (...one: Parameters<typeof recordsOf>) => fc.array(recordsOf(...one), { minLength: 1, maxLength: 3 });

/** Some batches in a row: numbers, or objects, as they usually are; or with anything among them. */
export const batches = fc.oneof(
  batchesOf(usual(numberText)),
  batchesOf(usual(jsonText)),
  batchesOf(fc.oneof(usual(numberText), strange)),
);
export const records = batches.map((all) => all[0] as WrittenRecord[]);
