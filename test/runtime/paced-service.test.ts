import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { Kafka, OutgoingRecord } from "../../kafka/kafka.ts";
import { RefusedRecordsError } from "../../kafka/refused-records.ts";
import { aroundTransact } from "../../replay/around-transact.ts";
import { openPacedRecords } from "../../runtime/paced-records.ts";
import { producePaced } from "../../runtime/paced-service.ts";
import type { Service } from "../../runtime/service.ts";
import { StateStores } from "../../runtime/state-stores.ts";
import { emptyKafka } from "./empty-kafka.ts";

const NOON = Date.UTC(2026, 10, 29, 12);
const DAY_MS = 86_400_000;

beforeEach(() => void jest.useFakeTimers({ now: NOON }));
afterEach(() => void jest.useRealTimers());

/** A sequence that is sent into a topic, whose records are given in the order in which they are written. */
async function sent(everyMs: number, kafkaFor: (written: OutgoingRecord[]) => Kafka = emptyKafka) {
  const ignore = () => {};
  const [written, said, stop] = [[] as OutgoingRecord[], [] as string[], new AbortController()];
  const input = { kind: "sequence", start: 0, step: 1, everyMs } as const;
  const output = { kind: "topic", topic: "out" } as const;
  const service: Service = {
    spec: {
      name: "pro",
      groupId: "p-pro",
      bootstrapServers: [],
      input,
      apply: [],
      output,
      changelogTopic: "changelog",
    },
    chain: [],
    branches: [output],
    kafka: kafkaFor(written),
    stores: new StateStores(undefined, ignore),
    journal: { info: ignore, warn: ignore, error: ignore },
    supervisor: { ready: ignore, status: (text) => void said.push(text), alive: ignore, stopping: ignore },
    clock: { nowMs: Date.now },
    replica: "rpi0",
    stateFolder: undefined,
    print: async () => {},
  };
  const running = producePaced(service, await openPacedRecords(input, ""), everyMs, stop.signal);
  return {
    /** What it said after each transaction. */
    said,
    values: () => written.map(({ value }) => Number(value)),
    seconds: () => written.map(({ timestamp }) => (Number(timestamp) - NOON) / 1000),
    stop: () => {
      stop.abort();
      return running;
    },
  };
}

test("a source that sends once a month sends once a month", async () => {
  const source = await sent(30 * DAY_MS);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(source.seconds()).toEqual([0]);
  expect(source.said).toEqual(["record 1"]);
  await source.stop();
});

test("a source keeps its pace when the clock is set back, and when it is set forward", async () => {
  const source = await sent(1000);
  await jest.advanceTimersByTimeAsync(2500);
  jest.setSystemTime(NOON - DAY_MS);
  await jest.advanceTimersByTimeAsync(2000);
  jest.setSystemTime(NOON + DAY_MS);
  await jest.advanceTimersByTimeAsync(2000);
  const days = source.seconds().map((second) => Math.round(second / 86_400));
  expect(days).toEqual([0, 0, 0, -1, -1, 1, 1, 1]);
  await source.stop();
});

/** Takes no transaction of more than 100 records. */
function refusingKafka(written: OutgoingRecord[]): Kafka {
  return aroundTransact(emptyKafka(written), async (transact, { records }) => {
    if (written.length > 50_000) throw new Error("the same records are sent again and again");
    const refused = records.map((record) => ({ record, problem: "too large" }));
    if (refused.length > 100) throw new RefusedRecordsError(refused, false);
    return transact();
  });
}

test("records that brokers do not take at once are sent in parts, each once", async () => {
  const source = await sent(0, refusingKafka);
  await jest.advanceTimersByTimeAsync(10);
  await source.stop();
  const values = source.values();
  expect(values.length).toBeGreaterThan(400);
  expect(values).toEqual(values.map((_, i) => i));
});
