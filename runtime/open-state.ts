import type { Inspector } from "../kafka/kafka.ts";
import { PartitionState } from "./partition-state.ts";
import { restoreState } from "./restore-state.ts";
import type { Service } from "./service.ts";
import type { ChangelogEntry } from "./state.ts";
import { StateStore } from "./state-store.ts";
import { unusedEntries } from "./unused-entries.ts";

/** For the states that a process has in memory, in each of two generations; a unit may take 384 MB (MemoryMax). */
const GENERATION_BYTES = 24 * 1024 * 1024;

/** What is restored of one input partition. */
export interface OpenState {
  readonly state: PartitionState;
  /** The entry of the changelog of this name. */
  get(name: string): string | undefined;
  /** The next tombstones to write, if there is still something that nobody uses any more. */
  unused(): readonly ChangelogEntry[];
}

/**
 * The state of a partition as the changelog has it; without a changelog there is none.
 * @param maxRecordBytes by topic, the size of the largest record that it takes
 */
export async function openState(
  { spec: { changelogTopic }, chain, stores, supervisor }: Service,
  partition: number,
  positionKey: string | undefined,
  inspector: Inspector,
  maxRecordBytes: ReadonlyMap<string, number>,
): Promise<OpenState> {
  const store = changelogTopic === undefined ? new StateStore(":memory:") : stores.open(partition);
  try {
    const end =
      changelogTopic === undefined
        ? { offset: 0n }
        : await restoreState(inspector, { topic: changelogTopic, partition }, store, (entries) => {
            supervisor.status(`restoring the state of partition ${partition}: ${entries} entries`);
            supervisor.alive();
          });
    const generationBytes = () => GENERATION_BYTES / stores.count;
    const state = new PartitionState(
      chain,
      partition,
      store,
      end,
      generationBytes,
      maxRecordBytes.get(changelogTopic ?? ""),
    );
    return {
      state,
      get: (name) => store.get(name),
      unused: () => unusedEntries(chain, partition, store, positionKey),
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
