import { expect, test } from "@jest/globals";
import { isRefusal, type Refusal, refusedRecords } from "../../kafka/refused-records.ts";

const records = ["a", "b", "c"].map((value) => ({ topic: "out", key: null, value }));
const whole: Refusal = { topic: "out", type: "MESSAGE_TOO_LARGE", errorMessage: null, recordErrors: [], records };

test("a refusal names the records that the broker names, with its reason and what to do", () => {
  const refusal = refusedRecords([
    {
      ...whole,
      type: "INVALID_TIMESTAMP",
      errorMessage: "some were rejected",
      recordErrors: [
        { batchIndex: 0, batchIndexErrorMessage: "Timestamp 9 is out of range" },
        { batchIndex: 2, batchIndexErrorMessage: null },
      ],
    },
  ]);
  expect(refusal.isExact).toBe(true);
  expect(refusal.refused.map(({ record }) => record)).toEqual([records[0], records[2]]);
  expect(refusal.message).toMatch(
    /^Kafka refused the record for out: Timestamp 9 is out of range \(INVALID_TIMESTAMP\); its event time is too far/,
  );
  expect(refusal.refused[1]?.problem).toMatch(/^Kafka refused the record for out: some were rejected/);
});

test("a batch that is refused as a whole is all its records; of one alone it is clear which", () => {
  const several = refusedRecords([whole]);
  expect([several.isExact, several.refused.map(({ record }) => record)]).toEqual([false, records]);
  expect(several.message).toBe("Kafka refused the record for out: no reason given (MESSAGE_TOO_LARGE)");
  expect(refusedRecords([{ ...whole, records: records.slice(1, 2) }])).toMatchObject({
    isExact: true,
    refused: [{ record: records[1] }],
  });
});

test("of what was encoded before nobody can tell which it was", () => {
  const refusal = refusedRecords([{ ...whole, records: undefined }]);
  expect(refusal).toMatchObject({ isExact: false, refused: [{ record: undefined }] });
});

test("no other error is a refusal", () => {
  expect(["INVALID_RECORD", "NOT_LEADER_OR_FOLLOWER", "CORRUPT_MESSAGE"].map(isRefusal)).toEqual([true, false, false]);
});
