import { expect, test } from "@jest/globals";
import { UnreadableBatchError } from "../../kafka/errors.ts";
import type { Committed, Kafka, Transaction } from "../../kafka/kafka.ts";
import type { ReplayCluster } from "../../replay/connect.ts";
import type { Replayable } from "../../replay/replayable.ts";
import { skipDamage } from "../../replay/skip-damaged.ts";
import { FakeChangelog } from "../runtime/fake-changelog.ts";

test.each<[string, Committed | undefined, object]>([
  ["that has committed nothing", undefined, { offset: 6n }],
  ["that reads for the first time", { offset: 4n }, { offset: 6n }],
  [
    "that a replay sent back keeps how far it had read",
    { offset: 4n, note: "read before 9" },
    { offset: 6n, note: "read before 9" },
  ],
  ["that has read no further before", { offset: 4n, note: "read before 5" }, { offset: 6n }],
])("a damaged batch is passed over: a group %s", async (_, kept, committed) => {
  const partition = { topic: "in", partition: 0 };
  const batch = new UnreadableBatchError("its checksum is wrong", { first: 4n, last: 5n, isDamaged: true });
  const done: Transaction[] = [];
  const kafka: Kafka = {
    producer: async () => ({
      partitionsOf: () => undefined,
      transact: async (transaction) => {
        done.push(transaction);
        return new Map();
      },
    }),
    inspect: (work) =>
      work({
        ...new FakeChangelog().inspector(),
        committed: async () => kept,
        damagedBatch: async () => batch,
        retireMembers: async () => {},
      }),
    consume: () => Promise.reject(new Error("nobody reads as a member here")),
    close: () => {},
  };
  const spec = { name: "con", groupId: "p-con", deadLetterTopic: "lost" };
  const isSkipped = await skipDamage({ kafka } as ReplayCluster, { spec } as Replayable, { partition, batch });
  expect(isSkipped).toBe(true);
  expect(done).toEqual([
    expect.objectContaining({
      records: [expect.objectContaining({ topic: "lost" })],
      consumed: [{ groupId: "p-con", partition, ...committed }],
    }),
  ]);
});
