import { expect, test } from "@jest/globals";
import { batchOf } from "../../../runtime/kafka/consumption.ts";
import { batchOf as recordBatchOf } from "./record-batches.ts";

async function fetched() {
  const record = { offsetDelta: 0, timestampMs: 1000, key: null, value: Buffer.from("7") };
  const batch = {
    topic: "t",
    partition: 0,
    fetchedOffset: "10",
    messages: [{ offset: "10", batch: await recordBatchOf(10n, [record]) }],
    lastOffset: () => "10",
    isSpent: undefined,
  };
  const resolved: string[] = [];
  const payload = { batch, resolveOffset: (offset: string) => resolved.push(offset) };
  return { batch, resolved, run: batchOf(payload as never) };
}

test("a batch that went through as bytes is spent when it is done, and no sooner", async () => {
  const { batch, resolved, run } = await fetched();
  expect(run.records.batches).toHaveLength(1);
  expect(batch.isSpent).toBeUndefined();
  run.done();
  expect([batch.isSpent, resolved]).toEqual([true, ["10"]]);
});

test("one whose records were decoded is not: they are views of its bytes", async () => {
  const { batch, run } = await fetched();
  expect(Array.from(run.records.decode()).map(({ value }) => String(value))).toEqual(["7"]);
  run.done();
  expect(batch.isSpent).toBe(false);
});
