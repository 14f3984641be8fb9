import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, jest, test } from "@jest/globals";
import type { ServiceSpec } from "../../runtime/service-spec.ts";
import { eventually } from "../../testing/eventually.ts";
import { type RunningService, startService } from "../../testing/running-service.ts";
import { Pipeline, step } from "../../testing/service-specs.ts";
import type { ReadRecord } from "../../testing/topic-reader.ts";
import { configure, type NewRecord, write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(120_000);

const { broker, reader } = useBroker();
let pipeline: Pipeline;

beforeEach(() => {
  pipeline = new Pipeline(broker);
});

/** Waits until as many different records came out, or became dead letters, as went in; those that came out, and the dead ones. */
async function settled(spec: ServiceSpec, count: number, con: RunningService) {
  const out = pipeline.topic("out");
  const dead = spec.deadLetterTopic as string;
  let read: Record<string, ReadRecord[]> = {};
  const values = () => [...(read[out] ?? []), ...(read[dead] ?? [])].map(({ value }) => value);
  await eventually(
    async () => {
      read = await reader.read(out, dead);
      return new Set(values()).size >= count;
    },
    () => `${values().length} of ${count}: ${con.journal()}`,
    60_000,
  );
  return { out: read[out] ?? [], dead: read[dead] ?? [] };
}

const KEYS = ["a", "b", "c", "d", "e"];
const DAY_MS = 86_400_000;

/** Numbers from `from` on, by key in turn; some have a time that the topic of the outputs does not take. */
function readings(from: number, isEarly: (i: number) => boolean): NewRecord[] {
  return Array.from({ length: 1000 }, (_, i) => ({
    key: KEYS[i % KEYS.length] as string,
    value: String(from + i),
    timestamp: String(Date.now() + (isEarly(i) ? 2 * DAY_MS : 0)),
  }));
}

/** Sends on a value with how many it has seen of the key before. */
function counting(): Record<string, string> {
  const path = join(mkdtempSync(join(tmpdir(), "bramble-operator-")), "counting.ts");
  writeFileSync(
    path,
    `import { fold, number } from "bramble/operator";
    export const counting = fold({ value: number(), initial: 0, step: (_, seen, x) => [seen + 1, [x + seen / 10_000]] });`,
  );
  return { counting: path };
}

test.each(["exactly_once", "at_least_once"] as const)(
  "records whose time a topic does not take are dead letters, all others go through in their order, and no state has seen the first (%s)",
  async (processingGuarantee) => {
    const spec: ServiceSpec = {
      ...pipeline.service("con", {
        input: pipeline.stream("in"),
        apply: [step("counting")],
        output: pipeline.stream("out"),
      }),
      processingGuarantee,
    };
    await pipeline.createTopics([spec], 3);
    await configure(broker, pipeline.topic("out"), { "message.timestamp.after.max.ms": "3600000" });
    // Two of five keys, now and then, then the first record alone, then every one of a long run.
    const sent = [
      ...readings(0, (i) => i % 5 < 2 && i % 70 < 5),
      ...readings(1000, (i) => i === 0),
      ...readings(2000, () => true),
      ...readings(3000, () => false),
    ];
    const isEarly = ({ timestamp }: NewRecord) => Number(timestamp) > Date.now() + DAY_MS;
    const early = sent.filter(isEarly).map(({ value }) => value);
    const con = await startService(spec, { operators: counting() });
    await con.ready();
    await write(broker, pipeline.topic("in"), sent);
    const { out, dead } = await settled(spec, sent.length, con);

    const found = dead.map(({ value }) => value);
    expect([...new Set(found)].sort()).toEqual([...early].sort());
    expect(dead[0]?.headers).toMatchObject({
      "bramble.operator": "counting",
      "bramble.cause": expect.stringMatching(
        /^counting: Kafka refused the record for .*-out: Timestamp \d+ of message .* \(INVALID_TIMESTAMP\); its event time is too far/,
      ),
    });
    for (const key of KEYS) {
      const wanted = sent
        .filter((each) => each.key === key && !isEarly(each))
        .map(({ value }, seen) => String(Number(value) + seen / 10_000));
      const values = out.filter((each) => each.key === key).map(({ value }) => value);
      if (processingGuarantee === "exactly_once") expect(values).toEqual(wanted);
      else expect([...new Set(values)]).toEqual(wanted);
    }
    if (processingGuarantee === "exactly_once") expect(found).toHaveLength(early.length);
    expect(con.journal()).not.toContain("the transaction failed");
  },
);

test("records without a key for a compacted topic are dead letters", async () => {
  const spec = pipeline.service("con", { input: pipeline.stream("in"), output: pipeline.stream("out") });
  await pipeline.createTopics([spec]);
  await configure(broker, pipeline.topic("out"), { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "1" });
  const sent = Array.from({ length: 100 }, (_, i): NewRecord => {
    return { value: String(i), ...(i % 3 > 0 && { key: `key ${i}` }) };
  });
  await write(broker, pipeline.topic("in"), sent);
  const con = await startService(spec);
  const { out, dead } = await settled(spec, sent.length, con);
  expect(out.map(({ value }) => value)).toEqual(sent.filter(({ key }) => key).map(({ value }) => value));
  expect(dead.map(({ value }) => value)).toEqual(sent.filter(({ key }) => !key).map(({ value }) => value));
  expect(dead[0]?.headers["bramble.cause"]).toMatch(
    /^Kafka refused the record for .*-out: Compacted topic cannot accept message without key.* \(INVALID_RECORD\)$/,
  );
});

test("what became too large for a topic while the service runs is a dead letter; what lies beside it goes through", async () => {
  const format = "text" as const;
  const spec = pipeline.service("con", {
    input: { ...pipeline.stream("in"), format },
    output: { ...pipeline.stream("out"), format },
  });
  await pipeline.createTopics([spec]);
  const con = await startService(spec);
  await write(broker, pipeline.topic("in"), [{ value: "first" }]);
  await settled(spec, 1, con);
  await configure(broker, pipeline.topic("out"), { "max.message.bytes": "2000" });
  const sent = Array.from({ length: 200 }, (_, i) => ({ value: `${i} `.repeat(i % 50 === 49 ? 1000 : 20) }));
  await write(broker, pipeline.topic("in"), sent);
  const { out, dead } = await settled(spec, 1 + sent.length, con);
  const isLarge = ({ value }: { value: string }) => value.length > 1900;
  expect(out.map(({ value }) => value)).toEqual([
    "first",
    ...sent.filter((each) => !isLarge(each)).map(({ value }) => value),
  ]);
  expect(dead.map(({ value }) => value)).toEqual(sent.filter(isLarge).map(({ value }) => value));
});
