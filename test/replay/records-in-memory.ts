import type { IncomingRecord, Inspector, Kafka, OutgoingRecord, RecordProducer } from "../../kafka/kafka.ts";
import type { ReplayCluster } from "../../replay/connect.ts";

const MAX_RECORD_BYTES = 1_000_000;
/** Few, so that reading takes several turns. */
const RECORDS_AT_ONCE = 4;

/** Topics of one partition and the offsets of groups, as far as dead letters need them. */
export class RecordsInMemory {
  readonly #topics = new Map<string, IncomingRecord[]>();
  readonly #offsets = new Map<string, bigint>();
  #commitsLeft = Number.POSITIVE_INFINITY;

  constructor(topics: readonly string[]) {
    for (const topic of topics) this.create(topic);
  }

  create(topic: string): void {
    this.#topics.set(topic, []);
  }

  append(topic: string, { key = null, value, headers = {}, timestamp }: Partial<OutgoingRecord>): void {
    const records = this.all(topic);
    const bytes = (part: Buffer | string | null = null) => (part === null ? null : Buffer.from(part));
    const offset = BigInt(records.length);
    records.push({ offset, timestamp: timestamp ?? String(offset), key: bytes(key), value: bytes(value), headers });
  }

  all(topic: string): IncomingRecord[] {
    const found = this.#topics.get(topic);
    if (found === undefined) throw new Error(`there is no topic ${topic}`);
    return found;
  }

  values(topic: string): string[] {
    return this.all(topic).map(({ value }) => String(value));
  }

  /** Whoever writes dies after so many transactions that were committed, without knowing of the last. */
  dieAfter(commits: number): void {
    this.#commitsLeft = commits;
  }

  asCluster(): ReplayCluster {
    const kafka: Pick<Kafka, "inspect" | "producer"> = {
      inspect: (work) => work(this.#inspector as Inspector),
      producer: async () => this.#producer,
    };
    return { bootstrapServers: [], kafka } as unknown as ReplayCluster;
  }

  readonly #inspector: Partial<Inspector> = {
    committed: async (groupId) => {
      const offset = this.#offsets.get(groupId);
      return offset === undefined ? undefined : { offset };
    },
    describe: async (names) => {
      const there = names.filter((name) => this.#topics.has(name));
      return { brokers: [0], topics: new Map(there.map((name) => [name, [{ leader: 0, replicas: [0] }]])) };
    },
    earliestOffset: async () => 0n,
    maxRecordBytes: async () => MAX_RECORD_BYTES,
    readToEnd: async ({ topic }, from, onRecord) => {
      for (const record of this.all(topic).slice(Number(from))) onRecord(record);
      return { offset: BigInt(this.all(topic).length) };
    },
    read: async ({ topic }, from) => {
      const records = this.all(topic).slice(Number(from), Number(from) + RECORDS_AT_ONCE);
      return {
        records: { firstOffset: from, decode: () => records },
        nextOffset: from + BigInt(records.length),
      };
    },
  };

  readonly #producer: RecordProducer = {
    transact: async ({ records, consumed = [] }) => {
      for (const record of records) this.append(record.topic, record);
      for (const { groupId, offset } of consumed) this.#offsets.set(groupId, offset);
      if (--this.#commitsLeft <= 0) throw new Error("the plug is pulled");
      return new Map();
    },
    partitionsOf: () => 1,
  };
}
