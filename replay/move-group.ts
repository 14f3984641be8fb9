import { FencedError } from "../kafka/errors.ts";
import type {
  Consumed,
  IncomingRecord,
  Inspector,
  Kafka,
  RecordProducer,
  RecordProducerOptions,
  TopicPartition,
} from "../kafka/kafka.ts";
import { committedAt, parseReadBefore } from "../runtime/positions.ts";
import { keptPrefix } from "../runtime/sink.ts";
import { removalEntries, removalKey } from "../runtime/unused-entries.ts";

/** Who reads: a consumer group and, if it has one, the changelog of its operators' state. */
export interface Reader {
  readonly groupId: string;
  readonly changelogTopic?: string | undefined;
  /** The group that has read the records before; itself when it is absent. */
  readonly deadLettersOf?: string;
}

/** Of who reads the partitions of this number, as the runtime has it. */
export function transactionalIdOf({ groupId }: Pick<Reader, "groupId">, partition: number): string {
  return `${groupId}-${partition}`;
}

type Moved = Omit<Consumed, "groupId">;

/** A running service fences in turn when it comes back; a quiet one needs one attempt. */
const ATTEMPTS = 10;

/**
 * Puts a group at other positions of its input partitions of one number, and takes all state of that number away, in one
 * transaction: what reads from there on begins as if it had never read before. The group's transactional id is claimed
 * first, as whoever has the partition does, so that nobody who was there before can commit any more.
 * @param mark a group that gets the same positions in that transaction; once it has any of them nothing is done
 */
export async function moveGroup(
  kafka: Kafka,
  reader: Reader,
  partition: number,
  positions: readonly { readonly topic: string; readonly offset: bigint }[],
  mark?: string,
): Promise<void> {
  const { groupId, changelogTopic } = reader;
  await kafka.inspect(async (inspector) => {
    const changelog = changelogTopic === undefined ? undefined : { topic: changelogTopic, partition };
    const state = changelog && new NamesInChangelog(inspector, changelog);
    const options = {
      transactionalId: transactionalIdOf(reader, partition),
      partition,
      copartitioned: changelogTopic === undefined ? [] : [changelogTopic],
    };
    const move = async (producer: RecordProducer) => {
      const moved = await movedTo(inspector, reader, partition, positions);
      if (mark !== undefined && (await isMarked(inspector, mark, moved))) return;
      await state?.readToEnd();
      const entries = state === undefined ? [] : removalEntries(partition, [...state.names]);
      const topic = changelogTopic ?? "";
      const changelog = entries.map((entry) => ({ topic, ...entry }));
      const maxRecordBytes = new Map(entries.length === 0 ? [] : [[topic, await inspector.maxRecordBytes(topic)]]);
      const groups = [groupId, ...(mark === undefined ? [] : [mark])];
      const consumed = groups.flatMap((group) => moved.map((each) => ({ ...each, groupId: group })));
      await producer.transact({ records: [], changelog, maxRecordBytes, consumed });
    };
    // As much as can be is done before: once it is fenced, a busy service is back within a second.
    const prepare = async () => state?.readCommitted();
    await asHolder(kafka, options, move, ATTEMPTS, prepare).catch((error) => {
      throw error instanceof FencedError ? comesBack(groupId, error) : error;
    });
  });
}

/**
 * Does something as the holder of a transactional id, and again when a running service has claimed it back meanwhile. Throws a
 * FencedError when that happens each time.
 * @param attempts how often it is claimed at most
 * @param prepare is done before each claim
 */
export async function asHolder<T>(
  kafka: Kafka,
  options: RecordProducerOptions,
  work: (producer: RecordProducer) => Promise<T>,
  attempts: number,
  prepare: () => Promise<void> = async () => {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    await prepare();
    const producer = await kafka.producer(options);
    try {
      return await work(producer);
    } catch (error) {
      if (!(error instanceof FencedError) || attempt === attempts) throw error;
    }
  }
}

/** With a note of how far the records were read before, so that what was decided of them then holds. */
function movedTo(
  inspector: Inspector,
  { groupId, deadLettersOf = groupId }: Reader,
  partition: number,
  positions: readonly { readonly topic: string; readonly offset: bigint }[],
): Promise<Moved[]> {
  return Promise.all(
    positions.map(async ({ topic, offset }) => {
      const source = { topic, partition };
      const kept = await inspector.committed(deadLettersOf, source);
      return { partition: source, ...committedAt(offset, kept === undefined ? 0n : parseReadBefore(kept)) };
    }),
  );
}

async function isMarked(inspector: Inspector, mark: string, consumed: readonly Moved[]): Promise<boolean> {
  for (const { partition } of consumed) {
    if ((await inspector.committed(mark, partition)) !== undefined) return true;
  }
  return false;
}

function comesBack(groupId: string, cause: FencedError): Error {
  const problem = `${groupId}: it wrote again each time before its state was removed`;
  return new Error(`${problem}. Stop its units, run this again, and start them.`, { cause });
}

/**
 * The names of the entries that a partition of a changelog has, as of where it was read last; but for those of files, which
 * are outputs as topics are: what comes again is written behind what is there.
 */
class NamesInChangelog {
  readonly names = new Set<string>();
  readonly #inspector: Inspector;
  readonly #changelog: TopicPartition;
  readonly #word: string;
  readonly #ofFiles: string;
  #next: bigint | undefined;

  constructor(inspector: Inspector, changelog: TopicPartition) {
    this.#inspector = inspector;
    this.#changelog = changelog;
    this.#word = removalKey(changelog.partition);
    this.#ofFiles = `${keptPrefix(changelog.partition)}/`;
  }

  /** What is committed by now. A run that was killed may have left a transaction open, which a claim ends at once. */
  async readCommitted(): Promise<void> {
    const end = await this.#inspector.latestOffset(this.#changelog);
    for (let from = await this.#from(); from < end; ) {
      const { records, nextOffset } = await this.#inspector.read(this.#changelog, from);
      if (nextOffset === from) return;
      for (const record of records.decode()) this.#take(record);
      this.#next = from = nextOffset;
    }
  }

  /** With what is still open, which is waited for. */
  async readToEnd(): Promise<void> {
    const end = await this.#inspector.readToEnd(this.#changelog, await this.#from(), (record) => this.#take(record));
    this.#next = end.offset;
  }

  async #from(): Promise<bigint> {
    return this.#next ?? (await this.#inspector.earliestOffset(this.#changelog));
  }

  #take({ key, value }: IncomingRecord): void {
    const name = key?.toString() ?? "";
    if (value === null) this.names.delete(name);
    else if (name !== this.#word && !name.startsWith(this.#ofFiles)) this.names.add(name);
  }
}
