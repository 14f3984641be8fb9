import type { Inspector } from "../../runtime/kafka/kafka.ts";
import type { ChangelogEntry } from "../../runtime/state.ts";

/** One partition of a compacted topic, in memory: what was appended keeps its offset, and may be compacted away. */
export class FakeChangelog {
  topicId = "first";
  #records: { readonly offset: bigint; readonly key: string; readonly value: string | null }[] = [];
  #end = 0n;
  #earliest = 0n;
  /** How many records were read from it. */
  read = 0;

  /** Gives the offset behind the last entry; the transaction's marker takes one more. */
  append(entries: readonly ChangelogEntry[]): bigint {
    for (const entry of entries) this.#records.push({ offset: this.#end++, ...entry });
    return this.#end++;
  }

  /** Keeps the newest record of each key; of tombstones, none: as after `delete.retention.ms`. */
  compact(): void {
    const newest = new Map(this.#records.map((record) => [record.key, record]));
    this.#records = this.#records.filter((record) => newest.get(record.key) === record && record.value !== null);
  }

  /** Deletes it, and makes a topic of the same name. */
  makeAnew(): void {
    this.topicId += "+";
    this.lose();
  }

  /** As when its only broker comes back with an empty disk. */
  lose(): void {
    this.#records = [];
    this.#end = this.#earliest = 0n;
  }

  /** As kafka-delete-records.sh does. */
  cutBefore(offset: bigint): void {
    this.#earliest = offset;
    this.#records = this.#records.filter((record) => record.offset >= offset);
  }

  get end(): bigint {
    return this.#end;
  }

  /** What a reader of the whole partition ends up with. */
  content(): Map<string, string> {
    const content = new Map<string, string>();
    for (const { key, value } of this.#records) {
      if (value === null) content.delete(key);
      else content.set(key, value);
    }
    return content;
  }

  inspector(): Inspector {
    const never = () => Promise.reject(new Error("not asked for in this case"));
    return {
      committedOffset: never,
      committed: never,
      maxRecordBytes: never,
      recordAt: never,
      retireMembers: never,
      read: never,
      earliestOffset: async () => this.#earliest,
      latestOffset: async () => this.#end,
      topicId: async () => this.topicId,
      readToEnd: async (_, from, onRecord) => {
        if (from < this.#earliest || from > this.#end) throw new Error(`OFFSET_OUT_OF_RANGE: ${from}`);
        for (const { offset, key, value } of this.#records.filter((record) => record.offset >= from)) {
          this.read++;
          const bytes = value === null ? null : Buffer.from(value);
          onRecord({ offset, timestamp: "0", key: Buffer.from(key), value: bytes, headers: {} });
        }
        return this.#end;
      },
    };
  }
}
