import { expect, test } from "@jest/globals";
import { FULL_TRANSACTION_BYTES, FULL_TRANSACTION_MS, fullness } from "../../runtime/full-transaction.ts";

test("a transaction is full once it has made enough, and not with its first record", () => {
  const isFull = fullness();
  expect([0, FULL_TRANSACTION_BYTES, FULL_TRANSACTION_BYTES + 1].map(isFull)).toEqual([false, false, true]);
});

test("slow operators make it full in time, however little they make", () => {
  let ms = 1000;
  const isFull = fullness(FULL_TRANSACTION_BYTES, () => ms);
  const records = Array.from({ length: 100_000 }, (_, i) => i);
  const taken = records.findIndex(() => {
    ms += 1;
    return isFull(0);
  });
  expect(taken).toBeGreaterThan(FULL_TRANSACTION_MS - 100);
  expect(taken).toBeLessThan(FULL_TRANSACTION_MS + 100);
});
