import { describe, expect, test } from "@jest/globals";
import { planTopic, type TopicArgs, type TopicStep, topic } from "../../../provisioning/resources/topic.ts";
import { strictTopics } from "../strict-topics.ts";

const config = { "cleanup.policy": "compact" };
const want: TopicArgs = { name: "t", partitions: 2, replicationFactor: 3, config, allowDataLoss: false };

describe("plan", () => {
  const cases: { name: string; have?: Partial<TopicArgs>; records?: number; allowed?: true; steps: TopicStep[] }[] = [
    { name: "nothing there: created", steps: [{ do: "create" }] },
    { name: "as wanted: nothing", have: {}, steps: [] },
    { name: "as wanted, with records: nothing", have: {}, records: 9, steps: [] },
    {
      name: "the same settings in another order: nothing",
      have: { config: { ...config } },
      steps: [],
    },
    {
      name: "fewer partitions there: added",
      have: { partitions: 1 },
      records: 9,
      steps: [{ do: "addPartitions", count: 2 }],
    },
    { name: "a setting changed: set", have: { config: { "cleanup.policy": "delete" } }, steps: [{ do: "setConfig" }] },
    {
      name: "a setting too many: set",
      have: { config: { ...config, "retention.ms": "1" } },
      steps: [{ do: "setConfig" }],
    },
    { name: "a setting missing: set", have: { config: {} }, steps: [{ do: "setConfig" }] },
    {
      name: "another replication factor: replicas are moved",
      have: { replicationFactor: 1 },
      records: 9,
      steps: [{ do: "setReplicationFactor", factor: 3 }],
    },
    {
      name: "fewer partitions and another setting: both",
      have: { partitions: 1, config: {} },
      steps: [{ do: "addPartitions", count: 2 }, { do: "setConfig" }],
    },
    {
      name: "more partitions there, no record: made anew",
      have: { partitions: 3 },
      steps: [{ do: "delete" }, { do: "create" }],
    },
    {
      name: "more partitions there, records that may be lost: made anew",
      have: { partitions: 3 },
      records: 9,
      allowed: true,
      steps: [{ do: "delete" }, { do: "create" }],
    },
  ];
  test.each(cases)("$name", ({ have, records = 0, allowed, steps }) => {
    expect(
      planTopic({ ...want, allowDataLoss: allowed ?? false }, have && { ...want, ...have }, { records, isExact: true }),
    ).toEqual(steps);
  });

  test("what would lose records is refused, with how many and how to allow it", () => {
    expect(() => planTopic(want, { ...want, partitions: 3 }, { records: 9, isExact: false })).toThrow(
      "topic t: this change would lose up to 9 records. " +
        "Undo the change, or allow the loss: `pulumi up --config bramble:allowDataLoss=t`.",
    );
  });
});

describe("on a cluster", () => {
  test("a topic is made once, seen as it is, and taken away", async () => {
    const { session, changes } = strictTopics({});
    expect(await topic.observe(session, want)).toBeUndefined();
    expect(await topic.apply(session, want, undefined, false)).toEqual(want);
    const have = await topic.observe(session, want);
    expect(have).toEqual(want);
    expect(await topic.apply(session, want, have, true)).toEqual(want);
    await topic.remove(session, want);
    expect(changes).toEqual([
      ["create", "t"],
      ["delete", "t"],
    ]);
  });

  test("one that is there is adopted, and brought to what is wanted", async () => {
    const { session, changes } = strictTopics({ t: { partitions: 1, replicationFactor: 3, config: {}, records: 5 } });
    await topic.apply(session, want, await topic.observe(session, want), false);
    expect(changes).toEqual([
      ["addPartitions", "t", 2],
      ["setConfig", "t", config],
    ]);
  });

  test("preview refuses what would lose records, counted now; and does nothing else", async () => {
    const { session, changes } = strictTopics({ t: { ...want, partitions: 3, records: 7 } });
    const have = await topic.observe(session, want);
    await expect(topic.validate(session, want, have, true)).rejects.toThrow("this change would lose 7 records");
    await expect(topic.apply(session, want, have, true)).rejects.toThrow("this change would lose 7 records");
    await topic.validate(session, { ...want, allowDataLoss: true }, have, true);
    expect(changes).toEqual([]);
  });
});
